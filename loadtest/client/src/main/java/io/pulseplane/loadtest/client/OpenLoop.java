package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;

/**
 * Calls at a fixed rate, whatever became of those before. A call's latency counts from when it was due, not from when it
 * was sent, so that a server that stops for a second does not look as if nobody had asked it in that second.
 */
final class OpenLoop<Q, R> {

    private final ClientConnections connections;
    private final CallGenerator<Q, R> calls;
    private final Tally tally;
    private final RatePacer pace = new RatePacer();

    private OpenLoop(ClientConnections connections, CallGenerator<Q, R> calls, long from) {
        this.connections = connections;
        this.calls = calls;
        this.tally = new Tally(from);
    }

    static <Q, R> Outcome run(
            ClientConnections connections,
            CallGenerator<Q, R> calls,
            double perSecond,
            Duration warmUp,
            Duration measured)
            throws InterruptedException {
        long start = System.nanoTime();
        var loop = new OpenLoop<>(connections, calls, start + warmUp.toNanos());
        loop.pace.run(start, perSecond, warmUp.plus(measured), loop::send);
        loop.pace.awaitAll();
        return loop.tally.outcome(measured.toNanos() / 1e9, loop.pace.notSent());
    }

    private void send(long number, long due) {
        var call = connections.channel(number).newCall(calls.method(), CallOptions.DEFAULT);
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
            pace.completed();
        }
    }
}
