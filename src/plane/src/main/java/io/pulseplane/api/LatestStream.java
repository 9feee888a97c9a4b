package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.gate.Refusal;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.smallrye.mutiny.subscription.Cancellable;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One stream of questions for latest readings. Answers come in the order of the questions, and only as fast as the client
 * takes them. Some questions are read ahead of their turn: those whose answers are at hand then leave in one write, and those
 * whose answers have to be looked up are looked up side by side.
 */
final class LatestStream implements StreamObserver<StreamLatestRequest> {

    /** Questions that wait here at most. */
    private static final int MAX_REQUESTED_AHEAD = 256;

    /** Questions that are looked up at a time. */
    private static final int MAX_CONCURRENT_LOOKUPS = 32;

    private static final class PendingQuery {
        private final SeriesSelector selector;
        private Cancellable lookup;

        /** Null until it is there. */
        private volatile StreamLatestResponse answer;

        private PendingQuery(SeriesSelector question, StreamLatestResponse answer) {
            this.selector = question;
            this.answer = answer;
        }
    }

    private final LatestQuery latest;
    private final Duration deadline;
    private final ServerCallStreamObserver<StreamLatestResponse> responses;

    private final Queue<PendingQuery> queued = new ConcurrentLinkedQueue<>();

    /** How often there was something to do since somebody began to do it: one thread at a time does it for all. */
    private final AtomicInteger drainRequests = new AtomicInteger();

    /** In the order of the questions. */
    private final Deque<PendingQuery> inFlight = new ArrayDeque<>();

    private boolean finished;
    private volatile boolean halfClosed;
    private volatile boolean cancelled;

    LatestStream(LatestQuery latest, Duration deadline, ServerCallStreamObserver<StreamLatestResponse> responses) {
        this.latest = latest;
        this.deadline = deadline;
        this.responses = responses;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::drain);
        responses.setOnCancelHandler(this::cancelled);
        responses.request(MAX_REQUESTED_AHEAD);
    }

    @Override
    public void onNext(StreamLatestRequest request) {
        queued.add(read(request));
        drain();
    }

    private static PendingQuery read(StreamLatestRequest request) {
        try {
            return new PendingQuery(selector(request), null);
        } catch (PlaneException refusal) {
            return new PendingQuery(null, error(refusal));
        }
    }

    private static SeriesSelector selector(StreamLatestRequest request) {
        Refusal.throwIfAny();
        var violations = new Violations();
        var question = QueryRequestReader.selector(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList(),
                violations);
        violations.throwIfAny();
        return question;
    }

    /** Nobody waits for it: who finds somebody at it leaves it to them. */
    private void drain() {
        if (drainRequests.getAndIncrement() > 0) {
            return;
        }
        int done = 1;
        do {
            drainOnce();
            done = drainRequests.addAndGet(-done);
        } while (done > 0);
    }

    private void drainOnce() {
        sendAnswers();
        for (var turn = pollNext(); turn != null; turn = pollNext()) {
            start(turn);
            sendAnswers();
        }
        if (cancelled && !finished) {
            finished = true;
            queued.clear();
            inFlight.forEach(LatestStream::cancelLookup);
            inFlight.clear();
        } else if (halfClosed && queued.isEmpty() && inFlight.isEmpty() && !finished) {
            finished = true;
            responses.onCompleted();
        }
    }

    /** Null if there is nothing to begin, there are enough that are not answered, or the client takes no more. */
    private PendingQuery pollNext() {
        return finished || cancelled || inFlight.size() == MAX_CONCURRENT_LOOKUPS || !responses.isReady()
                ? null
                : queued.poll();
    }

    private void start(PendingQuery turn) {
        inFlight.add(turn);
        if (turn.answer == null) {
            var known = latest.cachedAnswer(turn.selector);
            if (known.isPresent()) {
                turn.answer = response(known.get());
            } else {
                turn.lookup = Deadlines.withDeadline(latest.execute(turn.selector), deadline)
                        .subscribe()
                        .with(
                                readings -> onAnswer(turn, response(readings)),
                                failure -> onAnswer(turn, error(failure)));
            }
        }
    }

    private void onAnswer(PendingQuery turn, StreamLatestResponse answer) {
        turn.answer = answer;
        drain();
    }

    private void sendAnswers() {
        while (!inFlight.isEmpty() && inFlight.peek().answer != null && !cancelled) {
            responses.onNext(inFlight.poll().answer);
            responses.request(1);
        }
    }

    private static void cancelLookup(PendingQuery turn) {
        if (turn.lookup != null) {
            turn.lookup.cancel();
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
                .setError(StatusMapper.toStatus(failure))
                .build();
    }

    @Override
    public void onCompleted() {
        halfClosed = true;
        drain();
    }

    @Override
    public void onError(Throwable failure) {
        cancelled();
    }

    private void cancelled() {
        cancelled = true;
        drain();
    }
}
