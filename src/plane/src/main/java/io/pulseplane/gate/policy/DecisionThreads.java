package io.pulseplane.gate.policy;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads for decisions that take too long for the calling threads. They end when there is nothing to decide. */
final class DecisionThreads implements Executor, AutoCloseable {

    /** How many decisions may wait; one more is refused. */
    static final int MAX_WAITING = 1024;

    private static final long IDLE_SECONDS = 30;

    private final ThreadPoolExecutor threads;

    DecisionThreads(int count) {
        var number = new AtomicInteger();
        threads = new ThreadPoolExecutor(
                count,
                count,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                task -> Thread.ofPlatform()
                        .daemon()
                        .name("policy-" + number.incrementAndGet())
                        .unstarted(task));
        threads.allowCoreThreadTimeOut(true);
    }

    @Override
    public void execute(Runnable decision) {
        threads.execute(decision);
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
