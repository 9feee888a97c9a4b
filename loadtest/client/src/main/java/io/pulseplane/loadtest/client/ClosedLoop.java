package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps a fixed number of calls running: when a call ends, the next one starts. This measures the peak throughput of a
 * server. For latency below the peak, use {@link OpenLoop}.
 */
final class ClosedLoop<Q, R> {

    private final ClientConnections connections;
    private final CallGenerator<Q, R> calls;
    private final long count;
    private final long until;
    private final Tally tally;
    private final AtomicLong next = new AtomicLong();
    private final CountDownLatch workers;

    private ClosedLoop(
            ClientConnections connections,
            CallGenerator<Q, R> calls,
            int concurrency,
            long count,
            long from,
            long until) {
        this.connections = connections;
        this.calls = calls;
        this.count = count;
        this.until = until;
        this.tally = new Tally(from);
        this.workers = new CountDownLatch(concurrency);
    }

    /** Runs calls for the warm-up, which is not counted, and then for the measurement. */
    static <Q, R> Outcome runFor(
            ClientConnections connections,
            CallGenerator<Q, R> calls,
            int concurrency,
            Duration warmUp,
            Duration measured)
            throws InterruptedException {
        long from = System.nanoTime() + warmUp.toNanos();
        var loop = new ClosedLoop<>(connections, calls, concurrency, Long.MAX_VALUE, from, from + measured.toNanos());
        loop.run(concurrency);
        return loop.tally.outcome(measured.toNanos() / 1e9, 0);
    }

    /** Makes this number of calls, and fails if a call fails. */
    static <Q, R> Outcome runCount(
            ClientConnections connections, CallGenerator<Q, R> calls, int concurrency, long count)
            throws InterruptedException {
        long start = System.nanoTime();
        var loop = new ClosedLoop<>(connections, calls, concurrency, count, start, start + Long.MAX_VALUE / 2);
        loop.run(concurrency);
        var outcome = loop.tally.outcome((System.nanoTime() - start) / 1e9, 0);
        if (outcome.failed() > 0) {
            throw new IllegalStateException(calls.method().getFullMethodName() + " failed: " + outcome.failuresText());
        }
        return outcome;
    }

    private void run(int concurrency) throws InterruptedException {
        for (int i = 0; i < concurrency; i++) {
            callNext();
        }
        workers.await();
    }

    private void callNext() {
        long number = next.getAndIncrement();
        if (number >= count || System.nanoTime() - until >= 0) {
            workers.countDown();
            return;
        }
        var call = connections.channel(number).newCall(calls.method(), CallOptions.DEFAULT);
        call.start(new Answer(), calls.headersOf(number));
        call.request(Integer.MAX_VALUE);
        call.sendMessage(calls.request().apply(number));
        call.halfClose();
    }

    private final class Answer extends ClientCall.Listener<R> {

        private final long sent = System.nanoTime();

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (status.isOk()) {
                tally.answered(sent, 1);
            } else {
                tally.failed(status.getCode());
            }
            callNext();
        }
    }
}
