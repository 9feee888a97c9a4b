package io.pulseplane.store.edge;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The file {@code restored}, which says from which backup a store is, until the audit trail has it. */
public final class RestoreMark {

    public static final String FILE = "restored";

    private RestoreMark() {}

    static Optional<String> read(Path directory) {
        var file = directory.resolve(FILE);
        try {
            return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the file restored in the data directory cannot be read", e);
        }
    }

    static void delete(Path directory) {
        try {
            Files.deleteIfExists(directory.resolve(FILE));
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the file restored in the data directory cannot be deleted", e);
        }
    }
}
