package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * Calls at a fixed rate, whatever became of those before. A call's latency counts from when it was due, not from when it
 * was sent, so that a server that stops for a second does not look as if nobody had asked it in that second.
 */
final class OpenLoop<Q, R> {

    /** Beyond these, calls that are due are not sent but counted, so that a server that hangs does not take the client down. */
    private static final int MAX_UNDER_WAY = 20_000;

    private static final long GRAIN_NANOS = 20_000;

    private final Connections connections;
    private final Calls<Q, R> calls;
    private final Tally tally;
    private final Semaphore room = new Semaphore(MAX_UNDER_WAY);
    private long held;

    private OpenLoop(Connections connections, Calls<Q, R> calls, long from) {
        this.connections = connections;
        this.calls = calls;
        this.tally = new Tally(from);
    }

    static <Q, R> Outcome run(
            Connections connections, Calls<Q, R> calls, double perSecond, Duration warmUp, Duration measured)
            throws InterruptedException {
        long start = System.nanoTime();
        long from = start + warmUp.toNanos();
        var loop = new OpenLoop<>(connections, calls, from);
        loop.keepTo(start, perSecond, from + measured.toNanos());
        return loop.tally.outcome(measured.toNanos() / 1e9, loop.held);
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
            send(number, due);
        }
        room.acquire(MAX_UNDER_WAY);
    }

    private void send(long number, long due) {
        if (!room.tryAcquire()) {
            held++;
            return;
        }
        var call = connections.of(number).newCall(calls.method(), CallOptions.DEFAULT);
        call.start(new Answer(due), calls.headersOf(number));
        call.request(Integer.MAX_VALUE);
        call.sendMessage(calls.request().apply(number));
        call.halfClose();
    }

    private final class Answer extends ClientCall.Listener<R> {

        private final long due;

        Answer(long due) {
            this.due = due;
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (status.isOk()) {
                tally.answered(due, 1);
            } else {
                tally.failed(status.getCode());
            }
            room.release();
        }
    }
}
