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
import java.util.function.ToLongFunction;

/**
 * Sends requests at a fixed rate on streams in turn, even if earlier requests have no answer. Latency counts from when
 * a request was due, as in {@link OpenLoop}.
 */
final class OpenLoopStreams<Q, R> {

    private final CallGenerator<Q, R> calls;
    private final ToLongFunction<R> answerCount;
    private final Tally tally;
    private final RatePacer pacer = new RatePacer();
    private final CountDownLatch open;
    private final List<Stream> streams = new ArrayList<>();

    private OpenLoopStreams(
            ClientConnections connections,
            CallGenerator<Q, R> calls,
            ToLongFunction<R> answerCount,
            int streams,
            long from) {
        this.calls = calls;
        this.answerCount = answerCount;
        this.tally = new Tally(from);
        this.open = new CountDownLatch(streams);
        for (int number = 0; number < streams; number++) {
            this.streams.add(new Stream(connections, number));
        }
    }

    /** @param answerCount how many answers a response counts for; throws if the response is an error */
    static <Q, R> Outcome run(
            ClientConnections connections,
            CallGenerator<Q, R> calls,
            ToLongFunction<R> answerCount,
            int streams,
            double perSecond,
            Duration warmUp,
            Duration measured)
            throws InterruptedException {
        long start = System.nanoTime();
        var loop = new OpenLoopStreams<>(connections, calls, answerCount, streams, start + warmUp.toNanos());
        loop.pacer.run(start, perSecond, warmUp.plus(measured), loop::send);
        loop.end();
        return loop.tally.outcome(measured.toNanos() / 1e9, loop.pacer.notSent());
    }

    private void send(long number, long due) {
        streams.get((int) (number % streams.size())).send(calls.request().apply(number), due);
    }

    private void end() throws InterruptedException {
        streams.forEach(stream -> stream.call.halfClose());
        open.await();
    }

    /** One stream. It sends on the pacer's thread and receives on the event loop. */
    private final class Stream extends ClientCall.Listener<R> {

        private final ClientCall<Q, R> call;
        private final Queue<Long> due = new ConcurrentLinkedQueue<>();

        Stream(ClientConnections connections, int number) {
            call = connections.channel(number).newCall(calls.method(), CallOptions.DEFAULT);
            call.start(this, calls.headersOf(number));
            call.request(Integer.MAX_VALUE);
        }

        void send(Q message, long dueNanos) {
            due.add(dueNanos);
            call.sendMessage(message);
        }

        @Override
        public void onMessage(R answer) {
            tally.answered(due.remove(), answerCount.applyAsLong(answer));
            pacer.completed();
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
