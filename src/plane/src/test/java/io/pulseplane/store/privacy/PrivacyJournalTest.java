package io.pulseplane.store.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.Erasure;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivacyJournalTest {

    private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private static final String NEXT_KEY = "BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private static final Keyset KEYS = Keyset.parse(KEY, List.of());

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("decisions");
    }

    private void write() {
        try (var journal = PrivacyJournal.open(file, KEYS)) {
            journal.addConsentChange("ada", 10);
            journal.addConsentChange("bob", 11);
            journal.addErasure("cyd", 12);
            journal.addConsentChange("ada", 13);
        }
    }

    private void assertContent(Keyset keys) {
        try (var journal = PrivacyJournal.open(file, keys)) {
            assertThat(journal.erasures()).containsExactly(Erasure.of("cyd", 12));
            assertThat(journal.consentChanges()).isEqualTo(Map.of("ada", 13L, "bob", 11L));
        }
    }

    @Test
    void has_its_latest_entries_after_it_was_opened_again() {
        write();
        assertContent(KEYS);
        assertContent(KEYS);
    }

    @Test
    void leaves_out_what_later_entries_replaced_when_it_is_opened() throws IOException {
        write();
        assertThat(Files.readAllLines(file)).hasSize(4);
        assertContent(KEYS);
        assertThat(Files.readAllLines(file)).hasSize(3);
    }

    @Test
    void forgets_the_consents_of_a_patient_who_was_erased() {
        try (var journal = PrivacyJournal.open(file, KEYS)) {
            journal.addConsentChange("ada", 10);
            journal.addErasure("ada", 11);
            assertThat(journal.consentChanges()).isEmpty();
        }
        try (var journal = PrivacyJournal.open(file, KEYS)) {
            assertThat(journal.erasures()).containsExactly(Erasure.of("ada", 11));
        }
    }

    @Test
    void names_nobody_to_who_has_no_key() throws IOException {
        write();
        assertThat(Files.readString(file)).doesNotContain("ada", "cyd");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThatThrownBy(() -> PrivacyJournal.open(file, Keyset.parse(NEXT_KEY, List.of())))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        assertContent(KEYS);
    }

    @Test
    void is_sealed_under_the_next_key_when_it_is_opened_with_both() {
        write();
        assertContent(Keyset.parse(NEXT_KEY, List.of(KEY)));
        assertContent(Keyset.parse(NEXT_KEY, List.of()));
    }

    @Test
    void drops_an_unfinished_entry_at_any_length() throws IOException {
        write();
        try (var journal = PrivacyJournal.open(file, KEYS)) {
            journal.addErasure("dan", 14);
        }
        var longer = Files.readAllBytes(file);
        var complete = longer.length - Files.readAllLines(file).getLast().length() - 1;
        for (int length = complete; length < longer.length; length++) {
            Files.write(file, Arrays.copyOf(longer, length));
            assertContent(KEYS);
            assertThat(Files.size(file)).isEqualTo(complete);
        }
    }

    @Test
    void is_not_opened_with_a_damaged_entry() throws IOException {
        write();
        var bytes = Files.readAllBytes(file);
        for (int i = 0; i < bytes.length - 1; i += 7) {
            var damaged = bytes.clone();
            damaged[i] = damaged[i] == '!' ? (byte) '?' : (byte) '!';
            Files.write(file, damaged);
            assertThatThrownBy(() -> PrivacyJournal.open(file, KEYS))
                    .as("byte " + i)
                    .isInstanceOf(PlaneException.FailedPrecondition.class);
        }
        Files.write(file, bytes, StandardOpenOption.TRUNCATE_EXISTING);
        assertContent(KEYS);
    }
}
