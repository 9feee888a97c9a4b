package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.gate.Refusal;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.vitals.Reading;
import io.smallrye.mutiny.subscription.Cancellable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Serves one stream of queries for latest readings. The answers are in the order of the queries, and leave no faster
 * than the client takes them. The stream reads some queries ahead: answers from the cache then leave in one write, and
 * the other queries are looked up in parallel.
 */
final class LatestStream implements StreamObserver<StreamLatestRequest> {

    /** Upper bound of the queries that are read ahead. */
    private static final int MAX_REQUESTED_AHEAD = 256;

    /** Upper bound of the queries that are looked up at the same time. */
    private static final int MAX_CONCURRENT_LOOKUPS = 32;

    private static final class PendingQuery {
        private final SeriesSelector selector;
        private Cancellable lookup;

        /** The answer; null until it is complete. */
        private volatile StreamLatestResponse answer;

        private PendingQuery(SeriesSelector selector, StreamLatestResponse answer) {
            this.selector = selector;
            this.answer = answer;
        }
    }

    private final LatestQuery latest;
    private final Deadlines deadlines;
    private final ServerCallStreamObserver<StreamLatestResponse> responses;

    private final Queue<PendingQuery> queued = new ConcurrentLinkedQueue<>();

    /**
     * Number of calls of {@link #drain} that are not handled yet. One thread at a time handles the calls of all
     * threads.
     */
    private final AtomicInteger drainRequests = new AtomicInteger();

    /** The queries whose answers are not sent, in the order of the queries. */
    private final Deque<PendingQuery> inFlight = new ArrayDeque<>();

    private boolean finished;
    private volatile boolean halfClosed;
    private volatile boolean cancelled;

    LatestStream(LatestQuery latest, Deadlines deadlines, ServerCallStreamObserver<StreamLatestResponse> responses) {
        this.latest = latest;
        this.deadlines = deadlines;
        this.responses = responses;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::drain);
        responses.setOnCancelHandler(this::cancelled);
        responses.request(MAX_REQUESTED_AHEAD);
    }

    @Override
    public void onNext(StreamLatestRequest request) {
        queued.add(toQuery(request));
        drain();
    }

    private static PendingQuery toQuery(StreamLatestRequest request) {
        try {
            return new PendingQuery(selector(request), null);
        } catch (RuntimeException | Error failure) {
            return new PendingQuery(null, error(failure));
        }
    }

    private static SeriesSelector selector(StreamLatestRequest request) {
        Refusal.throwIfAny();
        var violations = new Violations();
        var selector = QueryRequestReader.selector(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList(),
                violations);
        violations.throwIfAny();
        return selector;
    }

    /**
     * Sends answers and starts lookups. If another thread does so already, that thread does it again, and this call
     * returns.
     */
    private void drain() {
        if (drainRequests.getAndIncrement() > 0) {
            return;
        }
        int handled = 1;
        do {
            try {
                drainOnce();
            } catch (RuntimeException | Error failure) {
                end(failure);
            }
            handled = drainRequests.addAndGet(-handled);
        } while (handled > 0);
    }

    /** Ends the stream after a failure that is not one of a query. */
    private void end(Throwable failure) {
        cancelled = true;
        if (!finished) {
            finished = true;
            queued.clear();
            inFlight.forEach(LatestStream::cancelLookup);
            inFlight.clear();
            responses.onError(StatusMapper.toException(failure));
        }
    }

    private void drainOnce() {
        sendAnswers();
        for (var query = pollNext(); query != null; query = pollNext()) {
            start(query);
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

    /**
     * Returns the next query; null if there is none, too many are in flight, or the client is not ready for more
     * answers.
     */
    private PendingQuery pollNext() {
        return finished || cancelled || inFlight.size() == MAX_CONCURRENT_LOOKUPS || !responses.isReady()
                ? null
                : queued.poll();
    }

    private void start(PendingQuery query) {
        inFlight.add(query);
        if (query.answer == null) {
            var cached = latest.cachedAnswer(query.selector);
            if (cached.isPresent()) {
                query.answer = response(cached.get());
            } else {
                query.lookup = deadlines
                        .limitOnStream(latest.execute(query.selector))
                        .map(LatestStream::response)
                        .subscribe()
                        .with(answer -> onAnswer(query, answer), failure -> onAnswer(query, error(failure)));
            }
        }
    }

    private void onAnswer(PendingQuery query, StreamLatestResponse answer) {
        query.answer = answer;
        drain();
    }

    private void sendAnswers() {
        while (!inFlight.isEmpty() && inFlight.peek().answer != null && !cancelled) {
            responses.onNext(inFlight.poll().answer);
            responses.request(1);
        }
    }

    private static void cancelLookup(PendingQuery query) {
        if (query.lookup != null) {
            query.lookup.cancel();
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
