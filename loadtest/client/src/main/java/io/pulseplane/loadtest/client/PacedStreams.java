package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;

/**
 * Messages at a fixed rate, on streams in turn, whatever became of those before. A message's latency counts from when it was
 * due, as {@link OpenLoop}'s does.
 */
final class PacedStreams<Q, R> {

    /** Beyond these, messages that are due are not sent but counted, so that a server that hangs does not take the client down. */
    private static final int MAX_UNDER_WAY = 20_000;

    private static final long GRAIN_NANOS = 20_000;

    private final Calls<Q, R> calls;
    private final ToLongFunction<R> worth;
    private final Tally tally;
    private final Semaphore room = new Semaphore(MAX_UNDER_WAY);
    private final CountDownLatch open;
    private final List<Stream> streams = new ArrayList<>();
    private long held;

    private PacedStreams(Connections connections, Calls<Q, R> calls, ToLongFunction<R> worth, int streams, long from) {
        this.calls = calls;
        this.worth = worth;
        this.tally = new Tally(from);
        this.open = new CountDownLatch(streams);
        for (int number = 0; number < streams; number++) {
            this.streams.add(new Stream(connections, number));
        }
    }

    /** @param worth how many answers an answer counts for; throws where it is none */
    static <Q, R> Outcome run(
            Connections connections,
            Calls<Q, R> calls,
            ToLongFunction<R> worth,
            int streams,
            double perSecond,
            Duration warmUp,
            Duration measured)
            throws InterruptedException {
        long start = System.nanoTime();
        long from = start + warmUp.toNanos();
        var paced = new PacedStreams<>(connections, calls, worth, streams, from);
        paced.keepTo(start, perSecond, from + measured.toNanos());
        return paced.tally.outcome(measured.toNanos() / 1e9, paced.held);
    }

    private void keepTo(long start, double perSecond, long end) throws InterruptedException {
        double interval = 1e9 / perSecond;
        for (long number = 0; ; number++) {
            long due = start + (long) (number * interval);
            if (due - end >= 0) {
                break;
            }
            for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
                LockSupport.parkNanos(Math.max(wait, GRAIN_NANOS));
            }
            if (room.tryAcquire()) {
                streams.get((int) (number % streams.size()))
                        .send(calls.request().apply(number), due);
            } else {
                held++;
            }
        }
        streams.forEach(stream -> stream.call.halfClose());
        open.await();
    }

    /** Sends on the thread that keeps the rate, and hears on the event loop. */
    private final class Stream extends ClientCall.Listener<R> {

        private final ClientCall<Q, R> call;
        private final Queue<Long> due = new ConcurrentLinkedQueue<>();

        Stream(Connections connections, int number) {
            call = connections.of(number).newCall(calls.method(), CallOptions.DEFAULT);
            call.start(this, calls.headersOf(number));
            call.request(Integer.MAX_VALUE);
        }

        void send(Q message, long at) {
            due.add(at);
            call.sendMessage(message);
        }

        @Override
        public void onMessage(R answer) {
            tally.answered(due.remove(), worth.applyAsLong(answer));
            room.release();
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (!status.isOk()) {
                tally.failed(status.getCode());
            }
            open.countDown();
        }
    }
}
