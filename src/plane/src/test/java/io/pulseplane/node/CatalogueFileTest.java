package io.pulseplane.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.node.config.PlaneConfig.CatalogueConfig;
import io.pulseplane.node.config.PlaneConfig.CatalogueProfile;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.ValueRange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogueFileTest {

    @TempDir
    Path directory;

    private record Config(CatalogueProfile profile, Optional<Path> file) implements CatalogueConfig {}

    private static Catalogue read(CatalogueProfile profile) {
        return CatalogueFile.read(new Config(profile, Optional.empty()));
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("ward.catalogue"), text);
    }

    private static Catalogue read(CatalogueProfile profile, Path file) {
        return CatalogueFile.read(new Config(profile, Optional.of(file)));
    }

    @Test
    void reads_the_profile_without_a_file() {
        assertThat(read(CatalogueProfile.STANDARD)).isSameAs(Catalogue.standard());
        assertThat(read(CatalogueProfile.NEONATAL)).isSameAs(Catalogue.neonatal());
        assertThat(read(CatalogueProfile.NONE).signs()).isEmpty();
    }

    @Test
    void reads_a_file_on_top_of_the_profile() throws IOException {
        var file = file("[8478-0]\nplausible = 12..150\n");
        var catalogue = read(CatalogueProfile.NEONATAL, file);
        assertThat(catalogue.find("8478-0").orElseThrow().plausible()).isEqualTo(new ValueRange(12, 150));
        assertThat(catalogue.find("8480-6")).isEqualTo(Catalogue.neonatal().find("8480-6"));
        assertThatThrownBy(() -> read(CatalogueProfile.NONE, file)).hasMessageContaining("line 1: [8478-0] is new");
    }

    @Test
    void says_in_one_sentence_why_a_file_cannot_be_used() throws IOException {
        assertRefused(
                file("[8867-4]\n\nplausible = 20-300\n"), "line 3: a range is written as 20..300, not as \"20-300\"");
        assertRefused(directory.resolve("missing"), "there is no such file");
        assertRefused(directory, "it cannot be read: ");
        var latin1 = directory.resolve("latin1");
        Files.write(latin1, "# Müller\n".getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(latin1, "it is not in UTF-8");
        var large = directory.resolve("large");
        Files.write(large, new byte[(4 << 20) + 1]);
        assertRefused(large, "it has 4194305 bytes, and may have 4194304");
    }

    private static void assertRefused(Path file, String reason) {
        assertThatThrownBy(() -> read(CatalogueProfile.STANDARD, file))
                .isInstanceOf(StartupException.class)
                .hasMessageStartingWith("pulseplane.catalogue.file=" + file + ": " + reason);
    }
}
