package io.pulseplane.node;

import io.pulseplane.node.config.PlaneConfig.CatalogueConfig;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.CatalogueFormat;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the catalogue that the configuration names. */
final class CatalogueFile {

    /** The upper bound of a file, so that a wrong path does not fill the memory. */
    private static final int MAX_BYTES = 4 << 20;

    private CatalogueFile() {}

    /** @throws StartupException if the file cannot be used; the message names the line and the reason */
    static Catalogue read(CatalogueConfig config) {
        var base =
                switch (config.profile()) {
                    case STANDARD -> Catalogue.standard();
                    case NEONATAL -> Catalogue.neonatal();
                    case NONE -> Catalogue.none();
                };
        return config.file().map(file -> read(base, file)).orElse(base);
    }

    private static Catalogue read(Catalogue base, Path file) {
        try {
            long bytes = Files.size(file);
            if (bytes > MAX_BYTES) {
                throw failure(file, "it has " + bytes + " bytes, and may have " + MAX_BYTES);
            }
            return CatalogueFormat.parse(base, Files.readString(file));
        } catch (NoSuchFileException _) {
            throw failure(file, "there is no such file");
        } catch (CharacterCodingException _) {
            throw failure(file, "it is not in UTF-8");
        } catch (IOException e) {
            throw failure(file, "it cannot be read: " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw failure(file, e.getMessage());
        }
    }

    private static StartupException failure(Path file, String reason) {
        return new StartupException("pulseplane.catalogue.file=" + file + ": " + reason);
    }
}
