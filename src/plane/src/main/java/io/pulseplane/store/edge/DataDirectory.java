package io.pulseplane.store.edge;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a data directory holds before it is opened. Keys are made only for a directory that is new: to make others where
 * some are missing would help nobody, and the next backup would overwrite the only good copy.
 *
 * @param isNew whether there is no database yet
 */
record DataDirectory(KeyEncryptionKey nodeKey, boolean isNew) {

    /**
     * @param givenKey the key of the node, if it lies elsewhere
     * @throws PlaneException.FailedPrecondition if a file is missing that another one needs; nothing is changed then
     */
    static DataDirectory require(Path directory, Optional<KeyEncryptionKey> givenKey) {
        if (!hasContent(directory.resolve("pulseplane.db"))
                && !hasContent(directory.resolve("keys.db"))
                && Files.exists(directory.resolve("audit").resolve(AuditMark.FILE))) {
            throw missing("pulseplane.db", "audit/ belongs to no store");
        }
        return requireKeys(directory, givenKey);
    }

    /**
     * As {@link #require}, but for a store that exists, of which the database may be missing.
     *
     * @throws PlaneException.NotFound if there is no store
     */
    static DataDirectory requireStore(Path directory, Optional<KeyEncryptionKey> givenKey) {
        if (!hasContent(directory.resolve("pulseplane.db")) && !hasContent(directory.resolve("keys.db"))) {
            throw new PlaneException.NotFound("there is no edge store in this directory");
        }
        return requireKeys(directory, givenKey);
    }

    private static DataDirectory requireKeys(Path directory, Optional<KeyEncryptionKey> givenKey) {
        boolean hasDatabase = hasContent(directory.resolve("pulseplane.db"));
        boolean hasKeys = hasContent(directory.resolve("keys.db"));
        var keyFile = directory.resolve("node.key");
        if (hasDatabase && !hasKeys) {
            throw missing("keys.db", "nobody can read pulseplane.db");
        }
        if (hasKeys && givenKey.isEmpty() && Files.notExists(keyFile)) {
            throw missing("node.key", "nobody can read keys.db");
        }
        return new DataDirectory(givenKey.orElseGet(() -> KeyEncryptionKey.readOrCreate(keyFile)), !hasDatabase);
    }

    private static PlaneException.FailedPrecondition missing(String file, String consequence) {
        return new PlaneException.FailedPrecondition(file + " is missing in the data directory: without it "
                + consequence + "; put it back. Nothing was changed");
    }

    private static boolean hasContent(Path file) {
        try {
            return Files.exists(file) && Files.size(file) > 0;
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the data directory cannot be read", e);
        }
    }
}
