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
import java.util.List;

/**
 * One stream of questions for latest readings. Questions are answered one after the other; the next one is read when the
 * one before it has its answer and the client takes what it asked for.
 */
final class LatestStream implements StreamObserver<StreamLatestRequest> {

    private final LatestQuery latest;
    private final Duration deadline;
    private final ServerCallStreamObserver<StreamLatestResponse> responses;

    private Cancellable asking;
    private boolean paused;
    private boolean answering;
    private boolean halfClosed;
    private boolean over;

    LatestStream(LatestQuery latest, Duration deadline, ServerCallStreamObserver<StreamLatestResponse> responses) {
        this.latest = latest;
        this.deadline = deadline;
        this.responses = responses;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::resume);
        responses.setOnCancelHandler(this::cancelled);
        responses.request(1);
    }

    @Override
    public void onNext(StreamLatestRequest request) {
        Question question;
        try {
            question = question(request);
        } catch (Problem refusal) {
            answer(error(refusal));
            return;
        }
        var known = latest.now(question);
        if (known.isPresent()) {
            answer(response(known.get()));
        } else {
            ask(question);
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
        synchronized (this) {
            answering = true;
        }
        var subscription = Deadlines.limit(latest.ask(question), deadline)
                .subscribe()
                .with(readings -> answer(response(readings)), failure -> answer(error(failure)));
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

    private void answer(StreamLatestResponse response) {
        synchronized (this) {
            answering = false;
            paused = true;
            if (!over) {
                responses.onNext(response);
            }
            completeIfDone();
        }
        resume();
    }

    private void resume() {
        synchronized (this) {
            if (!paused || over || !responses.isReady()) {
                return;
            }
            paused = false;
        }
        responses.request(1);
    }

    private void completeIfDone() {
        if (halfClosed && !answering && !over) {
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
        if (asking != null) {
            asking.cancel();
        }
    }
}
