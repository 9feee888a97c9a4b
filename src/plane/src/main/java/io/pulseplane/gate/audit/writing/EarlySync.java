package io.pulseplane.gate.audit.writing;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Syncs the first part of a large batch while the writer still writes the rest, so that the last sync has little left
 * to do. Only the last sync makes the batch durable. One thread calls this; the early syncs run on a thread of their
 * own, which starts with the first large batch and ends when it has been idle for 30 seconds.
 */
final class EarlySync {

    /** An early sync starts when this much was written since the last one. */
    static final int MIN_BYTES = 4 << 20;

    private final ExecutorService thread = new ThreadPoolExecutor(
            0,
            1,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("pulseplane-audit-sync").daemon().factory());

    private Future<?> runningSync;
    private long unsyncedBytes;

    /** The writer wrote these bytes to the file. */
    void onWritten(SegmentFile file, int bytes) throws IOException {
        unsyncedBytes += bytes;
        if (unsyncedBytes >= MIN_BYTES && (runningSync == null || runningSync.isDone())) {
            await();
            runningSync = thread.submit(() -> {
                file.sync();
                return null;
            });
        }
    }

    /**
     * Waits for the running sync. Passes its failure on: the operating system reports a failed write to one sync only,
     * so the last sync may succeed although data is lost.
     */
    void await() throws IOException {
        var sync = runningSync;
        runningSync = null;
        unsyncedBytes = 0;
        if (sync == null) {
            return;
        }
        try {
            sync.get();
        } catch (ExecutionException e) {
            throw new IOException("an early sync of the audit trail failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for an early sync of the audit trail", e);
        }
    }
}
