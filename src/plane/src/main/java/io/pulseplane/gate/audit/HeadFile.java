package io.pulseplane.gate.audit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Overwrites the head in its place; a new file for each would need two syncs and a rename. */
final class HeadFile implements Closeable {

    private final Path path;
    private FileChannel channel;

    HeadFile(Path path) {
        this.path = path;
    }

    /** @param text of {@link SignedHead#BYTES} */
    void write(String text) throws IOException {
        if (channel == null) {
            channel = FileChannel.open(path, StandardOpenOption.WRITE);
        }
        var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            channel.write(bytes, bytes.position());
        }
    }

    void sync() throws IOException {
        if (channel != null) {
            channel.force(false);
        }
    }

    @Override
    public void close() throws IOException {
        var open = channel;
        channel = null;
        if (open != null) {
            open.close();
        }
    }
}
