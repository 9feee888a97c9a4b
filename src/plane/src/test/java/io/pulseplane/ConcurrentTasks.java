package io.pulseplane;

import io.smallrye.mutiny.Uni;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Does several things at the same time, each on a thread of its own. */
public final class ConcurrentTasks {

    /** Something to do that may fail. */
    @FunctionalInterface
    public interface Task {
        void run() throws Exception;
    }

    private ConcurrentTasks() {}

    /** Begins all of it as closely together as threads can, and ends when all has ended; fails if any of it fails. */
    public static void run(Task... works) throws Exception {
        // Mutiny looks for its context manager when it is first used, and fails where two threads are first at once.
        ReadingFixtures.await(Uni.createFrom().item(() -> true));
        var start = new CyclicBarrier(works.length);
        var threads = Executors.newFixedThreadPool(
                works.length, Thread.ofPlatform().daemon().factory());
        try {
            var tasks = Stream.of(works)
                    .<Callable<Void>>map(work -> () -> {
                        start.await();
                        work.run();
                        return null;
                    })
                    .toList();
            for (var task : threads.invokeAll(tasks, ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                task.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError("one of the threads failed", e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Does the same on so many threads. */
    public static void runOnThreads(int threads, Task work) throws Exception {
        run(IntStream.range(0, threads).mapToObj(_ -> work).toArray(Task[]::new));
    }
}
