package io.pulseplane.node.audit;

import static io.pulseplane.ReadingFixtures.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.TrailFixture;
import io.pulseplane.store.Patient;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.AuditNames;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trail beside an edge store names no patient, and whoever may use the store gets the names back. */
class HashedTrailTest {

    private static final String KEY = "iqLzm0NXcPjL4lMdGJPcXpqa9GDHITKyaCIBUFtTQ80=";
    private static final String NEXT_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    @TempDir
    Path directory;

    private EdgeStore store;

    @BeforeEach
    void open_a_store_with_two_patients() {
        store = open(EdgeSettings.of(1).withNodeKey(KeyEncryptionKey.fromBase64(KEY)));
        await(store.registry().putPatient(Patient.provisional("ada", 0)));
        await(store.registry().putPatient(Patient.provisional("bob", 0)));
    }

    private EdgeStore open(EdgeSettings settings) {
        return EdgeStore.open(directory.resolve("data"), settings, () -> 1_763_000_000_000_000L);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private Path trail() {
        return directory.resolve("audit");
    }

    private static AuditRecord record(String subject, String role, String patient) {
        return new AuditRecord(
                7,
                subject,
                role,
                "clinic",
                "query",
                "rpc",
                patient,
                "d1",
                List.of(),
                Decision.PERMITTED,
                "",
                "",
                "",
                "");
    }

    private void write(AuditRecord... records) {
        var settings =
                AuditSettings.of(AuditSettings.Mode.SYNC, trail(), "edge-1").withPatientHash(store.auditNames()::of);
        try (var trail = TrailFixture.open(settings)) {
            for (var record : records) {
                TrailFixture.await(trail.append(record));
            }
        }
    }

    private String text() throws IOException {
        var text = new StringBuilder();
        for (var segment : TrailFixture.segments(trail())) {
            text.append(Files.readString(segment, StandardCharsets.UTF_8));
        }
        return text.toString();
    }

    private List<AuditEntry> list(Optional<String> subject, Optional<String> patient) {
        var source = new HashedTrailSource(trail(), store);
        var filter = new AuditFilter(
                new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE),
                subject,
                Optional.empty(),
                patient,
                Optional.empty(),
                Order.OLDEST_FIRST,
                Long.MAX_VALUE);
        var entries = new ArrayList<AuditEntry>();
        try (var reader = source.open(filter)) {
            for (var entry = reader.next(); entry.isPresent(); entry = reader.next()) {
                entries.add(entry.get());
            }
        }
        return await(source.resolve(entries));
    }

    private List<String> patientsOf(Optional<String> patient) {
        return list(Optional.empty(), patient).stream()
                .map(entry -> entry.record().patient())
                .toList();
    }

    @Test
    void the_files_name_no_patient_and_verify_without_the_key() throws IOException {
        write(record("dr-who", "authorized_medical_staff", "ada"), record("ada", "patient", "ada"));
        assertThat(text())
                .doesNotContain("\"ada\"")
                .contains("\"subject\":\"dr-who\"", "\"patient_hash\":\"", "\"subject_hash\":\"", "{\"audit\":2,");
        assertThat(TrailFixture.verify(trail())).isInstanceOf(VerificationResult.Intact.class);
    }

    @Test
    void the_plane_resolves_patients_and_callers_who_are_patients() {
        write(record("dr-who", "authorized_medical_staff", "ada"), record("ada", "patient", "bob"));
        assertThat(list(Optional.empty(), Optional.empty()))
                .extracting(
                        entry -> entry.record().subject(),
                        entry -> entry.record().patient())
                .containsExactly(tuple("dr-who", "ada"), tuple("ada", "bob"));
        assertThat(patientsOf(Optional.of("ada"))).containsExactly("ada");
        assertThat(list(Optional.of("ada"), Optional.empty())).hasSize(1);
    }

    @Test
    void an_erased_patient_is_named_no_more_and_found_by_who_knows_the_id() {
        write(record("dr-who", "authorized_medical_staff", "ada"), record("dr-who", "authorized_medical_staff", "bob"));
        await(store.registry().erasePatient("ada"));
        assertThat(patientsOf(Optional.empty())).containsExactly("", "bob");
        assertThat(list(Optional.empty(), Optional.of("ada")))
                .extracting(AuditEntry::number)
                .containsExactly(1L);
    }

    @Test
    void hashes_stay_the_same_when_the_key_of_the_node_changes() {
        write(record("dr-who", "authorized_medical_staff", "ada"));
        store.close();
        store = open(EdgeSettings.of(1)
                .withNodeKey(KeyEncryptionKey.fromBase64(NEXT_KEY), KeyEncryptionKey.fromBase64(KEY)));
        assertThat(patientsOf(Optional.of("ada"))).containsExactly("ada");
    }

    @Test
    void another_store_has_other_hashes() {
        var hash = store.auditNames().of("ada");
        try (var other = EdgeStore.open(directory.resolve("other"), 1, () -> 1)) {
            assertThat(other.auditNames().of("ada")).isNotEqualTo(hash).hasSameSizeAs(hash);
        }
    }

    @Test
    void who_has_the_key_of_the_node_gets_the_names_from_the_files() {
        var hash = store.auditNames().of("ada");
        store.close();
        var ids = AuditNames.read(directory.resolve("data"), KeyEncryptionKey.fromBase64(KEY), (names, resolver) -> {
            assertThat(names.of("ada")).isEqualTo(hash);
            return resolver.idsOf(List.of(hash, "no hash", "00000000000000000000000000000000"));
        });
        assertThat(ids).containsOnlyKeys(hash).containsValue("ada");
        store = open(EdgeSettings.of(1).withNodeKey(KeyEncryptionKey.fromBase64(KEY)));
    }

    @Test
    void a_trail_that_an_earlier_version_wrote_is_read_and_verified() throws IOException {
        Files.createDirectory(trail());
        try (var zip = new ZipInputStream(HashedTrailTest.class.getResourceAsStream("/trails/format-1.zip"))) {
            for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Files.copy(zip, trail().resolve(entry.getName()));
            }
        }
        assertThat(TrailFixture.verify(trail())).isInstanceOf(VerificationResult.Intact.class);
        assertThat(patientsOf(Optional.of("ada-1"))).containsExactly("ada-1", "ada-1");
    }
}
