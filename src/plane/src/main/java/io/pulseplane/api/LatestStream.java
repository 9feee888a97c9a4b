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
    private static final int AHEAD = 256;

    /** Questions that are looked up at a time. */
    private static final int AT_ONCE = 32;

    private static final class Turn {
        private final Question question;
        private Cancellable asking;

        /** Null until it is there. */
        private volatile StreamLatestResponse answer;

        private Turn(Question question, StreamLatestResponse answer) {
            this.question = question;
            this.answer = answer;
        }
    }

    private final LatestQuery latest;
    private final Duration deadline;
    private final ServerCallStreamObserver<StreamLatestResponse> responses;

    private final Queue<Turn> waiting = new ConcurrentLinkedQueue<>();

    /** How often there was something to do since somebody began to do it: one thread at a time does it for all. */
    private final AtomicInteger toDo = new AtomicInteger();

    /** In the order of the questions. */
    private final Deque<Turn> begun = new ArrayDeque<>();

    private boolean over;
    private volatile boolean halfClosed;
    private volatile boolean cancelled;

    LatestStream(LatestQuery latest, Duration deadline, ServerCallStreamObserver<StreamLatestResponse> responses) {
        this.latest = latest;
        this.deadline = deadline;
        this.responses = responses;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::goOn);
        responses.setOnCancelHandler(this::cancelled);
        responses.request(AHEAD);
    }

    @Override
    public void onNext(StreamLatestRequest request) {
        waiting.add(read(request));
        goOn();
    }

    private static Turn read(StreamLatestRequest request) {
        try {
            return new Turn(question(request), null);
        } catch (Problem refusal) {
            return new Turn(null, error(refusal));
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

    /** Nobody waits for it: who finds somebody at it leaves it to them. */
    private void goOn() {
        if (toDo.getAndIncrement() > 0) {
            return;
        }
        int done = 1;
        do {
            answerAndBegin();
            done = toDo.addAndGet(-done);
        } while (done > 0);
    }

    private void answerAndBegin() {
        answer();
        for (var turn = next(); turn != null; turn = next()) {
            begin(turn);
            answer();
        }
        if (cancelled && !over) {
            over = true;
            waiting.clear();
            begun.forEach(LatestStream::giveUp);
            begun.clear();
        } else if (halfClosed && waiting.isEmpty() && begun.isEmpty() && !over) {
            over = true;
            responses.onCompleted();
        }
    }

    /** Null if there is nothing to begin, there are enough that are not answered, or the client takes no more. */
    private Turn next() {
        return over || cancelled || begun.size() == AT_ONCE || !responses.isReady() ? null : waiting.poll();
    }

    private void begin(Turn turn) {
        begun.add(turn);
        if (turn.answer == null) {
            var known = latest.now(turn.question);
            if (known.isPresent()) {
                turn.answer = response(known.get());
            } else {
                turn.asking = Deadlines.limit(latest.ask(turn.question), deadline)
                        .subscribe()
                        .with(
                                readings -> answered(turn, response(readings)),
                                failure -> answered(turn, error(failure)));
            }
        }
    }

    private void answered(Turn turn, StreamLatestResponse answer) {
        turn.answer = answer;
        goOn();
    }

    private void answer() {
        while (!begun.isEmpty() && begun.peek().answer != null && !cancelled) {
            responses.onNext(begun.poll().answer);
            responses.request(1);
        }
    }

    private static void giveUp(Turn turn) {
        if (turn.asking != null) {
            turn.asking.cancel();
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

    @Override
    public void onCompleted() {
        halfClosed = true;
        goOn();
    }

    @Override
    public void onError(Throwable failure) {
        cancelled();
    }

    private void cancelled() {
        cancelled = true;
        goOn();
    }
}
