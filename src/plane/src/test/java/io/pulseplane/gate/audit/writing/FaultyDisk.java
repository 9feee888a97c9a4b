package io.pulseplane.gate.audit.writing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A disk with limited space whose syncs a test can fail or hold back. */
final class FaultyDisk implements SegmentFile.Opener {

    private static final SegmentFile.Opener DISK = SegmentFile.OnDisk.OPENER;

    private final AtomicLong freeBytes = new AtomicLong(Long.MAX_VALUE);
    private volatile boolean syncFails;
    private volatile Semaphore syncPermits;
    private final AtomicInteger failures = new AtomicInteger();

    /** Sets the free space. A write that does not fit fails after it has filled the space. */
    void setFreeBytes(long bytes) {
        freeBytes.set(bytes);
    }

    void failSyncs(boolean fail) {
        syncFails = fail;
    }

    /** From now on, each sync waits for a call of {@link #sync}. */
    void holdSyncs() {
        syncPermits = new Semaphore(0);
    }

    /** Lets one sync continue. */
    void sync() {
        syncPermits.release();
    }

    /** Whether a sync waits. */
    boolean isSyncing() {
        return syncPermits.hasQueuedThreads();
    }

    int failures() {
        return failures.get();
    }

    @Override
    public SegmentFile create(Path path) throws IOException {
        return new FaultySegmentFile(DISK.create(path));
    }

    @Override
    public SegmentFile append(Path path, long length) throws IOException {
        return new FaultySegmentFile(DISK.append(path, length));
    }

    private final class FaultySegmentFile implements SegmentFile {

        private final SegmentFile file;

        FaultySegmentFile(SegmentFile file) {
            this.file = file;
        }

        @Override
        public void write(ByteBuffer bytes) throws IOException {
            int writable = (int) Math.min(bytes.remaining(), freeBytes.get());
            boolean isFull = writable < bytes.remaining();
            file.write(bytes.limit(bytes.position() + writable));
            freeBytes.addAndGet(-writable);
            failIf(isFull);
        }

        @Override
        public void sync() throws IOException {
            if (syncPermits != null) {
                syncPermits.acquireUninterruptibly();
            }
            failIf(syncFails);
            file.sync();
        }

        private void failIf(boolean condition) throws IOException {
            if (condition) {
                failures.incrementAndGet();
                throw new IOException("No space left on device");
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
