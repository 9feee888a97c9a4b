package io.pulseplane;

import io.smallrye.mutiny.Uni;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Runs several tasks at the same time, each on its own thread. */
public final class ConcurrentTasks {

    /** A task that may throw any exception. */
    @FunctionalInterface
    public interface Task {
        void run() throws Exception;
    }

    private ConcurrentTasks() {}

    /** Starts all tasks at the same time, and waits for all of them; fails if one of them fails. */
    public static void run(Task... tasks) throws Exception {
        // Mutiny initialises its context manager on first use, and fails if two threads do so at the same time.
        ReadingFixtures.await(Uni.createFrom().item(() -> true));
        var start = new CyclicBarrier(tasks.length);
        var threads = Executors.newFixedThreadPool(
                tasks.length, Thread.ofPlatform().daemon().factory());
        try {
            var callables = Stream.of(tasks)
                    .<Callable<Void>>map(task -> () -> {
                        start.await();
                        task.run();
                        return null;
                    })
                    .toList();
            for (var future : threads.invokeAll(callables, ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError("one of the threads failed", e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Runs the same task on several threads. */
    public static void runOnThreads(int threads, Task task) throws Exception {
        run(IntStream.range(0, threads).mapToObj(_ -> task).toArray(Task[]::new));
    }
}
