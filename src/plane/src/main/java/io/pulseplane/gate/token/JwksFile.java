package io.pulseplane.gate.token;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A JWKS on disk. The whole file is read every time, because two versions may have the same length and the same time.
 * It is parsed only when the bytes differ.
 */
final class JwksFile implements KeyLoader.BlockingReader {

    private final Path file;

    /** The bytes that were read last. */
    private byte[] document = {};

    /** The keys in {@link #document}; null before the first read. */
    private KeySet keys;

    JwksFile(Path file) {
        this.file = file;
    }

    /** Checks that there is a file to read. */
    static void prepare(Path file) throws UnusableKeyException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new UnusableKeyException("the keys that tokens are checked with cannot be read from " + file);
        }
    }

    @Override
    public synchronized KeySet read() throws UnusableKeyException {
        byte[] bytes;
        try (var in = Files.newInputStream(file)) {
            bytes = in.readNBytes(JwksReader.MAX_BYTES + 1);
        } catch (IOException e) {
            throw new UnusableKeyException("it cannot be read", e);
        }
        if (bytes.length > JwksReader.MAX_BYTES) {
            throw new UnusableKeyException("it is longer than " + JwksReader.MAX_BYTES + " bytes");
        }
        if (keys == null || !Arrays.equals(bytes, document)) {
            keys = JwksReader.read(bytes);
            document = bytes;
        }
        return keys;
    }
}
