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
 * Messages at a fixed rate, on streams in turn, whatever became of those before. A message's latency counts from when it was
 * due, as {@link OpenLoop}'s does.
 */
final class OpenLoopStreams<Q, R> {

    private final CallGenerator<Q, R> calls;
    private final ToLongFunction<R> answerCount;
    private final Tally tally;
    private final RatePacer pace = new RatePacer();
    private final CountDownLatch open;
    private final List<Stream> streams = new ArrayList<>();

    private OpenLoopStreams(
            ClientConnections connections, CallGenerator<Q, R> calls, ToLongFunction<R> worth, int streams, long from) {
        this.calls = calls;
        this.answerCount = worth;
        this.tally = new Tally(from);
        this.open = new CountDownLatch(streams);
        for (int number = 0; number < streams; number++) {
            this.streams.add(new Stream(connections, number));
        }
    }

    /** @param worth how many answers an answer counts for; throws where it is none */
    static <Q, R> Outcome run(
            ClientConnections connections,
            CallGenerator<Q, R> calls,
            ToLongFunction<R> worth,
            int streams,
            double perSecond,
            Duration warmUp,
            Duration measured)
            throws InterruptedException {
        long start = System.nanoTime();
        var paced = new OpenLoopStreams<>(connections, calls, worth, streams, start + warmUp.toNanos());
        paced.pace.run(start, perSecond, warmUp.plus(measured), paced::send);
        paced.end();
        return paced.tally.outcome(measured.toNanos() / 1e9, paced.pace.notSent());
    }

    private void send(long number, long due) {
        streams.get((int) (number % streams.size())).send(calls.request().apply(number), due);
    }

    private void end() throws InterruptedException {
        streams.forEach(stream -> stream.call.halfClose());
        open.await();
    }

    /** Sends on the thread that keeps the rate, and hears on the event loop. */
    private final class Stream extends ClientCall.Listener<R> {

        private final ClientCall<Q, R> call;
        private final Queue<Long> due = new ConcurrentLinkedQueue<>();

        Stream(ClientConnections connections, int number) {
            call = connections.channel(number).newCall(calls.method(), CallOptions.DEFAULT);
            call.start(this, calls.headersOf(number));
            call.request(Integer.MAX_VALUE);
        }

        void send(Q message, long at) {
            due.add(at);
            call.sendMessage(message);
        }

        @Override
        public void onMessage(R answer) {
            tally.answered(due.remove(), answerCount.applyAsLong(answer));
            pace.completed();
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
