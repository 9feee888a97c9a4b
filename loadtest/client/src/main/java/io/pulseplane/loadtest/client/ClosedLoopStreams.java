package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.function.ToLongFunction;

/**
 * Keeps a fixed number of requests without an answer on each of several streams: after an answer, the next request is
 * sent. Stream s of n streams sends the requests s, s + n, s + 2n and so on.
 */
final class ClosedLoopStreams<Q, R> {

    private final CallGenerator<Q, R> calls;
    private final ToLongFunction<R> answerCount;
    private final int messagesInFlight;
    private final long until;
    private final Tally tally;
    private final CountDownLatch open;
    private final int streams;

    private ClosedLoopStreams(
            CallGenerator<Q, R> calls,
            ToLongFunction<R> answerCount,
            int streams,
            int messagesInFlight,
            long from,
            long until) {
        this.calls = calls;
        this.answerCount = answerCount;
        this.streams = streams;
        this.messagesInFlight = messagesInFlight;
        this.until = until;
        this.tally = new Tally(from);
        this.open = new CountDownLatch(streams);
    }

    /**
     * @param answerCount how many answers a response counts for; throws if the response is an error
     * @param messagesInFlight requests without an answer on each stream
     */
    static <Q, R> Outcome run(
            ClientConnections connections,
            CallGenerator<Q, R> calls,
            ToLongFunction<R> answerCount,
            int streams,
            int messagesInFlight,
            Duration warmUp,
            Duration measured)
            throws InterruptedException {
        long from = System.nanoTime() + warmUp.toNanos();
        var pipeline =
                new ClosedLoopStreams<>(calls, answerCount, streams, messagesInFlight, from, from + measured.toNanos());
        for (int number = 0; number < streams; number++) {
            pipeline.new Stream(connections, number);
        }
        pipeline.open.await();
        return pipeline.tally.outcome(measured.toNanos() / 1e9, 0);
    }

    /** One stream. It sends its first requests when it is ready, and does everything on the event loop. */
    private final class Stream extends ClientCall.Listener<R> {

        private final ClientCall<Q, R> call;
        private final Deque<Long> sent = new ArrayDeque<>();
        private long next;
        private boolean started;
        private boolean ending;

        Stream(ClientConnections connections, int number) {
            next = number;
            call = connections.channel(number).newCall(calls.method(), CallOptions.DEFAULT);
            call.start(this, calls.headersOf(number));
            call.request(messagesInFlight);
        }

        @Override
        public void onReady() {
            if (!started) {
                started = true;
                for (int i = 0; i < messagesInFlight; i++) {
                    sendNext();
                }
            }
        }

        private void sendNext() {
            long now = System.nanoTime();
            if (now - until < 0) {
                sent.add(now);
                call.sendMessage(calls.request().apply(next));
                next += streams;
            } else if (!ending) {
                ending = true;
                call.halfClose();
            }
        }

        @Override
        public void onMessage(R answer) {
            tally.answered(sent.remove(), answerCount.applyAsLong(answer));
            call.request(1);
            sendNext();
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
