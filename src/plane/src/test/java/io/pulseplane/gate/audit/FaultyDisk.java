package io.pulseplane.gate.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** A disk that holds so many bytes and no more, fails when it is told to, and syncs when it is told to. */
final class FaultyDisk implements SegmentFile.Opener {

    private static final SegmentFile.Opener DISK = SegmentFile.OnDisk.OPENER;

    private volatile long room = Long.MAX_VALUE;
    private volatile boolean refusesToSync;
    private volatile Semaphore syncs;
    private final AtomicInteger failures = new AtomicInteger();

    /** From now on, so many bytes are written; of what is too much, as much as there is room for. */
    void holdOnly(long bytes) {
        room = bytes;
    }

    void refuseToSync(boolean refuse) {
        refusesToSync = refuse;
    }

    /** From now on, each sync waits to be let. */
    void holdSyncs() {
        syncs = new Semaphore(0);
    }

    void sync() {
        syncs.release();
    }

    /** Whether the trail waits for a sync. */
    boolean isSyncing() {
        return syncs.hasQueuedThreads();
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
            int fits = (int) Math.min(bytes.remaining(), room);
            boolean full = fits < bytes.remaining();
            file.write(bytes.limit(bytes.position() + fits));
            room -= fits;
            failIf(full);
        }

        @Override
        public void sync() throws IOException {
            if (syncs != null) {
                syncs.acquireUninterruptibly();
            }
            failIf(refusesToSync);
            file.sync();
        }

        private void failIf(boolean failed) throws IOException {
            if (failed) {
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
