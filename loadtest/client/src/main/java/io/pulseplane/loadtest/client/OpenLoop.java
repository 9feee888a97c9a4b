package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;

/**
 * Makes calls at a fixed rate, even if earlier calls have no answer. Latency counts from when a call was due, not from
 * when it was sent, so that a pause of the server shows in the latency of every call that was due during the pause.
 */
final class OpenLoop<Q, R> {

    private final ClientConnections connections;
    private final CallGenerator<Q, R> calls;
    private final Tally tally;
    private final RatePacer pacer = new RatePacer();

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
        loop.pacer.run(start, perSecond, warmUp.plus(measured), loop::send);
        loop.pacer.awaitAll();
        return loop.tally.outcome(measured.toNanos() / 1e9, loop.pacer.notSent());
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
            pacer.completed();
        }
    }
}
