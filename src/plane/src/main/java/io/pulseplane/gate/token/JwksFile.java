package io.pulseplane.gate.token;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A JWKS on disk. It is read whole at every look, which is cheaper than being wrong: two versions may have the same length
 * and be of the same moment. It is taken apart only when it is another.
 */
final class JwksFile implements KeyLoader.BlockingReader {

    private final Path file;

    /** What was read last, and what it said. Looks come one after another. */
    private byte[] document = {};

    private KeySet keys;

    JwksFile(Path file) {
        this.file = file;
    }

    /** Says whether there is something to read. */
    static void prepare(Path file) throws UnusableKeyException {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new UnusableKeyException("the keys that tokens are checked with cannot be read from " + file);
        }
    }

    @Override
    public synchronized KeySet read() throws UnusableKeyException {
        byte[] found;
        try (var in = Files.newInputStream(file)) {
            found = in.readNBytes(JwksReader.MAX_BYTES + 1);
        } catch (IOException e) {
            throw new UnusableKeyException("it cannot be read", e);
        }
        if (found.length > JwksReader.MAX_BYTES) {
            throw new UnusableKeyException("it is longer than " + JwksReader.MAX_BYTES + " bytes");
        }
        if (keys == null || !Arrays.equals(found, document)) {
            keys = JwksReader.read(found);
            document = found;
        }
        return keys;
    }
}
