package io.pulseplane.store.edge.backup;

import io.pulseplane.store.edge.backup.BlockIndex.BackedUpFile;
import io.pulseplane.store.edge.backup.BlockIndex.Block;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Reads files in blocks, and writes those that an earlier backup does not have at the same place. */
final class BlockWriter implements AutoCloseable {

    private static final int BLOCKS_PER_READ = 16;

    /** Little is ever left to sync, so that a plane on the same disk does not wait for long when it syncs. */
    private static final long SYNC_AFTER_BYTES = 16L << 20;

    private final int backup;
    private final Disk.Output output;
    private final Optional<BlockIndex> base;
    private final MessageDigest digest = Sha256.create();
    private final byte[] buffer = new byte[BLOCKS_PER_READ * BlockIndex.BLOCK_BYTES];
    private long syncedBytes;
    private long bytesRead;

    BlockWriter(int backup, Disk.Output output, Optional<BlockIndex> base) {
        this.backup = backup;
        this.output = output;
        this.base = base;
    }

    /** Backs up the first bytes of a file, or all if it has fewer. */
    BackedUpFile copy(String name, FileChannel file, long bytes) throws IOException {
        var earlier = base.flatMap(index -> index.file(name))
                .map(BackedUpFile::blocks)
                .orElse(List.of());
        var blocks = new ArrayList<Block>();
        long position = 0;
        while (position < bytes) {
            int length = read(file, position, (int) Math.min(buffer.length, bytes - position));
            if (length == 0) {
                break;
            }
            position += length;
            append(blocks, earlier, length);
        }
        bytesRead += position;
        return new BackedUpFile(name, blocks);
    }

    private int read(FileChannel file, long position, int bytes) throws IOException {
        var target = ByteBuffer.wrap(buffer, 0, bytes);
        while (target.hasRemaining() && file.read(target, position + target.position()) >= 0) {
            // until all is read, or the file ends
        }
        return target.position();
    }

    /** Blocks that follow one another are written at once. */
    private void append(List<Block> blocks, List<Block> earlier, int length) throws IOException {
        int unwritten = 0;
        for (int from = 0; from < length; from += BlockIndex.BLOCK_BYTES) {
            int to = Math.min(from + BlockIndex.BLOCK_BYTES, length);
            digest.update(buffer, from, to - from);
            var sum = digest.digest();
            var same = blocks.size() < earlier.size() ? earlier.get(blocks.size()) : null;
            if (same != null && same.length() == to - from && Arrays.equals(same.digest(), sum)) {
                write(unwritten, from);
                unwritten = to;
                blocks.add(same);
            } else {
                blocks.add(new Block(sum, backup, output.position() + from - unwritten, to - from));
            }
        }
        write(unwritten, length);
    }

    private void write(int from, int to) throws IOException {
        if (from < to) {
            output.write(ByteBuffer.wrap(buffer, from, to - from));
            if (output.position() - syncedBytes >= SYNC_AFTER_BYTES) {
                sync();
            }
        }
    }

    private void sync() throws IOException {
        output.sync();
        syncedBytes = output.position();
    }

    long bytesRead() {
        return bytesRead;
    }

    long bytesWritten() {
        return output.position();
    }

    /** Syncs what was written. */
    void finish() throws IOException {
        sync();
    }

    @Override
    public void close() throws IOException {
        output.close();
    }
}
