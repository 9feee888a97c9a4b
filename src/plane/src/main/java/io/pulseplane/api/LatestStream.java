package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.gate.Caller;
import io.pulseplane.gate.Refusal;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.store.ReadCaller;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.smallrye.mutiny.subscription.Cancellable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Serves one stream of queries for latest readings. The answers are in the order of the queries, and leave no faster
 * than the client takes them. The stream reads some queries ahead: answers from the cache then leave in one write, and
 * the other queries are looked up in parallel. Queries and answers that wait are in the account of the stream; a query
 * that has no room in it is answered with RESOURCE_EXHAUSTED.
 */
final class LatestStream implements StreamObserver<StreamLatestRequest> {

    /** Upper bound of the queries that are read ahead. */
    private static final int MAX_REQUESTED_AHEAD = 256;

    /** Upper bound of the queries that are looked up at the same time. */
    private static final int MAX_CONCURRENT_LOOKUPS = 32;

    /** About what a query takes besides its ids and codes. */
    private static final long QUERY_BYTES = 256;

    private static final class PendingQuery {
        private final SeriesSelector selector;

        /** What the query and its answer take; changed while the query is in nobody else's hands. */
        private long bytes;

        private Cancellable lookup;

        /** The answer; null until it is complete. */
        private volatile StreamLatestResponse answer;

        private PendingQuery(SeriesSelector selector, long bytes, StreamLatestResponse answer) {
            this.selector = selector;
            this.bytes = bytes;
            this.answer = answer;
        }
    }

    private final LatestQuery latest;
    private final QueryMessages messages;
    private final Deadlines deadlines;
    private final AnswerBudget.Account account;
    private final ServerCallStreamObserver<StreamLatestResponse> responses;

    private final Queue<PendingQuery> queued = new ConcurrentLinkedQueue<>();

    /** What all queries take that wait or are in flight. */
    private final AtomicLong pendingBytes = new AtomicLong();

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

    private LatestStream(
            LatestQuery latest,
            QueryMessages messages,
            Deadlines deadlines,
            AnswerBudget.Account account,
            ServerCallStreamObserver<StreamLatestResponse> responses) {
        this.latest = latest;
        this.messages = messages;
        this.deadlines = deadlines;
        this.account = account;
        this.responses = responses;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::drain);
        responses.setOnCancelHandler(this::cancelled);
        responses.setOnCloseHandler(account::close);
        responses.request(MAX_REQUESTED_AHEAD);
    }

    /** Begins a stream, or refuses it if the caller, or all together, have too much under way. */
    static StreamObserver<StreamLatestRequest> open(
            LatestQuery latest,
            QueryMessages messages,
            Deadlines deadlines,
            AnswerBudget budget,
            ServerCallStreamObserver<StreamLatestResponse> responses) {
        try {
            return new LatestStream(latest, messages, deadlines, budget.open(Caller.subject()), responses);
        } catch (PlaneException.ResourceExhausted tooMany) {
            responses.onError(StatusMapper.toException(tooMany));
            return new RefusedStream<>();
        }
    }

    @Override
    public void onNext(StreamLatestRequest request) {
        queued.add(toQuery(request));
        drain();
    }

    private PendingQuery toQuery(StreamLatestRequest request) {
        long bytes = QUERY_BYTES + request.getSerializedSize();
        try {
            hold(bytes);
        } catch (PlaneException.ResourceExhausted noRoom) {
            return new PendingQuery(null, 0, error(noRoom));
        }
        try {
            return new PendingQuery(selector(request), bytes, null);
        } catch (RuntimeException | Error failure) {
            return new PendingQuery(null, bytes, error(failure));
        }
    }

    private void hold(long bytes) {
        try {
            account.coverQueue(pendingBytes.addAndGet(bytes));
        } catch (PlaneException.ResourceExhausted noRoom) {
            pendingBytes.addAndGet(-bytes);
            throw noRoom;
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
            giveUp();
            responses.onError(StatusMapper.toException(failure));
        }
    }

    private void giveUp() {
        finished = true;
        queued.clear();
        inFlight.forEach(LatestStream::cancelLookup);
        inFlight.clear();
        account.close();
    }

    private void drainOnce() {
        sendAnswers();
        for (var query = pollNext(); query != null; query = pollNext()) {
            start(query);
            sendAnswers();
        }
        if (cancelled && !finished) {
            giveUp();
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
                query.lookup = ReadCaller.call(account.subject(), () -> lookUp(query));
            }
        }
    }

    private Cancellable lookUp(PendingQuery query) {
        return deadlines
                .limitOnStream(latest.execute(query.selector))
                .map(this::response)
                .subscribe()
                .with(answer -> onAnswer(query, answer), failure -> onAnswer(query, error(failure)));
    }

    /** The answer waits for those before it, which may take as long as their deadlines. */
    private void onAnswer(PendingQuery query, StreamLatestResponse answer) {
        int bytes = answer.getSerializedSize();
        try {
            hold(bytes);
            query.bytes += bytes;
            query.answer = answer;
        } catch (PlaneException.ResourceExhausted noRoom) {
            query.answer = error(noRoom);
        }
        drain();
    }

    private void sendAnswers() {
        while (!inFlight.isEmpty() && inFlight.peek().answer != null && !cancelled) {
            var query = inFlight.poll();
            responses.onNext(query.answer);
            responses.request(1);
            account.shrinkQueue(pendingBytes.addAndGet(-query.bytes));
        }
    }

    private static void cancelLookup(PendingQuery query) {
        if (query.lookup != null) {
            query.lookup.cancel();
        }
    }

    private StreamLatestResponse response(List<Reading> readings) {
        var response = StreamLatestResponse.newBuilder();
        for (var reading : readings) {
            response.addReadings(messages.reading(reading));
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
