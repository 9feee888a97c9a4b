package io.pulseplane.store.postgres;

import io.pulseplane.store.Receipt;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.ScreenedBatch;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The one thread that stores groups, each as a transaction of its own, in the order of subscription. It waits for the
 * database, and takes the work of making and reading arrays off the event loops. Once taken on, a group is finished even
 * if nobody waits for it any more.
 */
final class Writer {

    /** Ingest has one group here at a time. */
    private static final int MAX_WAITING = 1_024;

    private static final Duration CLOSING = Duration.ofSeconds(30);

    private final Sessions sessions;
    private final Failures failures;
    private final LongSupplier now;
    private final Duration patience;
    private final Known known = new Known();
    private final Partitions partitions = new Partitions();
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            Thread.ofPlatform().name("pulseplane-writer").daemon().factory());

    /** @param patience how long the answer to a statement may take */
    Writer(Sessions sessions, Failures failures, LongSupplier now, Duration patience) {
        this.sessions = sessions;
        this.failures = failures;
        this.now = now;
        this.patience = patience;
    }

    Uni<List<Receipt>> append(List<ScreenedBatch> group) {
        return Uni.createFrom().emitter(emitter -> submit(emitter, group));
    }

    private void submit(UniEmitter<? super List<Receipt>> emitter, List<ScreenedBatch> group) {
        try {
            thread.execute(() -> {
                List<Receipt> receipts;
                try {
                    receipts = store(group);
                } catch (Throwable failure) {
                    emitter.fail(failures.problemOfWrite(failure));
                    return;
                }
                emitter.complete(receipts);
            });
        } catch (RejectedExecutionException e) {
            emitter.fail(
                    thread.isShutdown() ? new Problem.Unavailable("the store is closed", null) : Failures.tooMany());
        }
    }

    private List<Receipt> store(List<ScreenedBatch> group) throws Exception {
        refuseBeyondTime(group);
        boolean mistrust = false;
        for (int attempt = 1; ; attempt++) {
            try {
                return attempt(group, mistrust);
            } catch (Exception failure) {
                if (attempt == Sessions.ATTEMPTS || !mayPass(failure)) {
                    // The next server may be one that did not hear of what was last committed.
                    known.forget();
                    partitions.forget();
                    throw failure;
                }
                // Somebody else changed what the plane thought was its own: a month was retired, a row was put there.
                known.forget();
                partitions.forget();
                mistrust = true;
            }
        }
    }

    private static boolean mayPass(Exception failure) {
        var state = Failures.state(failure);
        return failure instanceof GroupAppend.Surprise
                || Failures.isPassing(failure)
                || state.equals(Failures.UNIQUE_VIOLATION)
                || state.equals(Failures.NO_PARTITION);
    }

    private List<Receipt> attempt(List<ScreenedBatch> group, boolean mistrust) throws Exception {
        long time = now.getAsLong();
        var session = Flight.await(sessions.borrow(), patience);
        try {
            var missing = partitions.missing(group, time);
            if (!missing.isEmpty()) {
                // On its own: an empty month is no half of a group, and a group need not wait for one that makes it.
                Flight.await(Partitions.make(session, missing), patience);
                partitions.made(missing);
            }
            return new GroupAppend(session, known, patience, time, mistrust).store(group);
        } finally {
            session.giveBack();
        }
    }

    private static void refuseBeyondTime(List<ScreenedBatch> group) {
        for (var batch : group) {
            for (var block : batch.blocks()) {
                if (block.columns().lastTime() >= Micros.END_OF_READINGS) {
                    throw new Problem.Invalid("batch.columns.times", "must lie before the year 2255");
                }
            }
        }
    }

    /** Finishes what waits. */
    void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(CLOSING.toSeconds(), TimeUnit.SECONDS)) {
                System.getLogger(Writer.class.getName())
                        .log(
                                System.Logger.Level.WARNING,
                                "Some of what was taken is not stored; it was not acknowledged");
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
