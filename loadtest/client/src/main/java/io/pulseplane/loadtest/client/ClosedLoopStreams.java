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
 * Streams on which so many messages are under way at any time: each answer makes room for the next question. Messages are
 * numbered such that those of stream s of n are s, s + n, s + 2n and so on.
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
            CallGenerator<Q, R> calls, ToLongFunction<R> worth, int streams, int window, long from, long until) {
        this.calls = calls;
        this.answerCount = worth;
        this.streams = streams;
        this.messagesInFlight = window;
        this.until = until;
        this.tally = new Tally(from);
        this.open = new CountDownLatch(streams);
    }

    /**
     * @param worth how many answers an answer counts for; throws where it is none
     * @param window messages under way on each stream
     */
    static <Q, R> Outcome run(
            ClientConnections connections,
            CallGenerator<Q, R> calls,
            ToLongFunction<R> worth,
            int streams,
            int window,
            Duration warmUp,
            Duration measured)
            throws InterruptedException {
        long from = System.nanoTime() + warmUp.toNanos();
        var pipeline = new ClosedLoopStreams<>(calls, worth, streams, window, from, from + measured.toNanos());
        for (int number = 0; number < streams; number++) {
            pipeline.new Stream(connections, number);
        }
        pipeline.open.await();
        return pipeline.tally.outcome(measured.toNanos() / 1e9, 0);
    }

    /** Sends its first messages when it is ready, on the event loop like everything after that. */
    private final class Stream extends ClientCall.Listener<R> {

        private final ClientCall<Q, R> call;
        private final Deque<Long> sent = new ArrayDeque<>();
        private long next;
        private boolean begun;
        private boolean ending;

        Stream(ClientConnections connections, int number) {
            next = number;
            call = connections.channel(number).newCall(calls.method(), CallOptions.DEFAULT);
            call.start(this, calls.headersOf(number));
            call.request(messagesInFlight);
        }

        @Override
        public void onReady() {
            if (!begun) {
                begun = true;
                for (int i = 0; i < messagesInFlight; i++) {
                    ask();
                }
            }
        }

        private void ask() {
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
            ask();
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
