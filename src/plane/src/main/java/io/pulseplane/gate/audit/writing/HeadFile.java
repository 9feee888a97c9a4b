package io.pulseplane.gate.audit.writing;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.gate.audit.SignedHead;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file of the head. It is overwritten in place, because a new file for each head would need two syncs and a rename.
 */
final class HeadFile implements Closeable {

    private final Path path;
    private FileChannel channel;

    HeadFile(Path path) {
        this.path = path;
    }

    /** @param text has {@link SignedHead#BYTES} bytes */
    void write(String text) throws IOException {
        if (channel == null) {
            channel = PrivateFiles.open(path, StandardOpenOption.WRITE);
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
        var openChannel = channel;
        channel = null;
        if (openChannel != null) {
            openChannel.close();
        }
    }
}
