package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.v1.StreamLatestRequest;
import io.pulseplane.api.v1.StreamLatestResponse;
import io.pulseplane.gate.Refusal;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.Question;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Reading;
import io.smallrye.mutiny.subscription.Cancellable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * One stream of questions for latest readings. Questions are answered one after the other, and only as fast as the client
 * takes the answers. Some are read ahead of their turn: those whose answers are at hand then leave in one write.
 */
final class LatestStream implements StreamObserver<StreamLatestRequest> {

    /** Questions that wait here at most. */
    private static final int AHEAD = 256;

    /** @param refusal what is said in place of an answer; null if there is a question */
    private record Asked(Question question, Problem refusal) {}

    private final LatestQuery latest;
    private final Duration deadline;
    private final ServerCallStreamObserver<StreamLatestResponse> responses;

    private final Deque<Asked> waiting = new ArrayDeque<>();
    private Cancellable asking;
    private boolean answering;
    private boolean halfClosed;
    private boolean over;

    LatestStream(LatestQuery latest, Duration deadline, ServerCallStreamObserver<StreamLatestResponse> responses) {
        this.latest = latest;
        this.deadline = deadline;
        this.responses = responses;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::answerNext);
        responses.setOnCancelHandler(this::cancelled);
        responses.request(AHEAD);
    }

    @Override
    public void onNext(StreamLatestRequest request) {
        var asked = read(request);
        synchronized (this) {
            waiting.add(asked);
        }
        answerNext();
    }

    /** Goes on until there is nothing to answer, an answer has to be waited for, or the client takes no more. */
    private void answerNext() {
        for (var asked = take(); asked != null; asked = take()) {
            if (asked.refusal != null) {
                answer(error(asked.refusal));
                continue;
            }
            var known = latest.now(asked.question);
            if (known.isPresent()) {
                answer(response(known.get()));
            } else {
                ask(asked.question);
            }
        }
    }

    private synchronized Asked take() {
        if (answering || over || waiting.isEmpty() || !responses.isReady()) {
            return null;
        }
        answering = true;
        return waiting.poll();
    }

    private static Asked read(StreamLatestRequest request) {
        try {
            return new Asked(question(request), null);
        } catch (Problem refusal) {
            return new Asked(null, refusal);
        }
    }

    private static Question question(StreamLatestRequest request) {
        Refusal.throwIfAny();
        var violations = new Violations();
        var question = QueryReader.question(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList(),
                violations);
        violations.throwIfAny();
        return question;
    }

    private void ask(Question question) {
        var subscription = Deadlines.limit(latest.ask(question), deadline)
                .subscribe()
                .with(readings -> answerAndGoOn(response(readings)), failure -> answerAndGoOn(error(failure)));
        synchronized (this) {
            asking = subscription;
            if (over) {
                subscription.cancel();
            }
        }
    }

    private static StreamLatestResponse response(List<Reading> readings) {
        var response = StreamLatestResponse.newBuilder();
        for (var reading : readings) {
            response.addReadings(QueryMessages.reading(reading));
        }
        return response.build();
    }

    private static StreamLatestResponse error(Throwable failure) {
        return StreamLatestResponse.newBuilder()
                .setError(Errors.status(failure))
                .build();
    }

    private void answerAndGoOn(StreamLatestResponse response) {
        answer(response);
        answerNext();
    }

    private void answer(StreamLatestResponse response) {
        synchronized (this) {
            answering = false;
            if (over) {
                return;
            }
            responses.onNext(response);
            completeIfDone();
        }
        responses.request(1);
    }

    private void completeIfDone() {
        if (halfClosed && !answering && waiting.isEmpty() && !over) {
            over = true;
            responses.onCompleted();
        }
    }

    @Override
    public synchronized void onCompleted() {
        halfClosed = true;
        completeIfDone();
    }

    @Override
    public void onError(Throwable failure) {
        cancelled();
    }

    private synchronized void cancelled() {
        over = true;
        waiting.clear();
        if (asking != null) {
            asking.cancel();
        }
    }
}
