package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * So many calls under way at any time: each that ends makes room for the next. Says how much a server takes at most; of
 * how long it takes when it is asked less, {@link OpenLoop} says more.
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
            ClientConnections connections, CallGenerator<Q, R> calls, int underWay, long count, long from, long until) {
        this.connections = connections;
        this.calls = calls;
        this.count = count;
        this.until = until;
        this.tally = new Tally(from);
        this.workers = new CountDownLatch(underWay);
    }

    /** Warms up and then measures, for so long each. */
    static <Q, R> Outcome runFor(
            ClientConnections connections, CallGenerator<Q, R> calls, int underWay, Duration warmUp, Duration measured)
            throws InterruptedException {
        long from = System.nanoTime() + warmUp.toNanos();
        var loop = new ClosedLoop<>(connections, calls, underWay, Long.MAX_VALUE, from, from + measured.toNanos());
        loop.run(underWay);
        return loop.tally.outcome(measured.toNanos() / 1e9, 0);
    }

    /** Makes so many calls, and fails if any of them does. */
    static <Q, R> Outcome runCount(ClientConnections connections, CallGenerator<Q, R> calls, int underWay, long count)
            throws InterruptedException {
        long start = System.nanoTime();
        var loop = new ClosedLoop<>(connections, calls, underWay, count, start, start + Long.MAX_VALUE / 2);
        loop.run(underWay);
        var outcome = loop.tally.outcome((System.nanoTime() - start) / 1e9, 0);
        if (outcome.failed() > 0) {
            throw new IllegalStateException(calls.method().getFullMethodName() + " failed: " + outcome.failuresText());
        }
        return outcome;
    }

    private void run(int underWay) throws InterruptedException {
        for (int i = 0; i < underWay; i++) {
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
