package io.pulseplane.gate.audit;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Has the disk begin with a large batch while the rest of it is still being written, so that the sync at its end finds
 * little left to do. Promises nothing by itself: that is the last sync's. One thread's, beside the one it starts when a
 * batch is large.
 */
final class EarlySync {

    /** Not worth a sync of its own below this. */
    static final int MIN_BYTES = 4 << 20;

    private final ExecutorService thread = new ThreadPoolExecutor(
            0,
            1,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("pulseplane-audit-sync").daemon().factory());

    private Future<?> running;
    private long unsyncedBytes;

    /** So many bytes were written to the file. */
    void onWritten(SegmentFile file, int bytes) throws IOException {
        unsyncedBytes += bytes;
        if (unsyncedBytes >= MIN_BYTES && (running == null || running.isDone())) {
            await();
            running = thread.submit(() -> {
                file.sync();
                return null;
            });
        }
    }

    /** Waits for what was begun. A sync that failed is told to one caller only, so it is passed on. */
    void await() throws IOException {
        var begun = running;
        running = null;
        unsyncedBytes = 0;
        if (begun == null) {
            return;
        }
        try {
            begun.get();
        } catch (ExecutionException e) {
            throw new IOException("the disk did not take what was written", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("it is not known whether the disk took what was written", e);
        }
    }
}
