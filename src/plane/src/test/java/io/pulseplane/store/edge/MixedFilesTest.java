package io.pulseplane.store.edge;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Patient;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests a data directory whose files do not belong together, because some are missing, older or another store's. */
class MixedFilesTest {

    private static final Series ADA = series("ada", "d1", HEART_RATE);
    private static final Series LATE = series("late", "d2", HEART_RATE);

    /** More patients than one commit makes keys for. */
    private static final int PATIENTS = 100;

    @TempDir
    Path root;

    private Path data;
    private Path backup;
    private EdgeStore store;

    @BeforeEach
    void a_store_of_which_a_backup_was_made_before_its_last_patients_came() throws IOException {
        data = root.resolve("data");
        backup = Files.createDirectory(root.resolve("backup"));
        open();
        store.claimAuditDirectory(data.resolve("audit"));
        assertThat(append(ADA, 1)).isInstanceOf(AppendResult.Stored.class);
        store.close();
        for (var file : List.of("pulseplane.db", "keys.db", "keys.copy", "node.key")) {
            Files.copy(data.resolve(file), backup.resolve(file));
        }
        open();
        for (int i = 0; i < PATIENTS; i++) {
            await(store.registry().putPatient(Patient.provisional("patient" + i, 0)));
        }
        assertThat(append(LATE, 1)).isInstanceOf(AppendResult.Stored.class);
        assertThat(append(ADA, 2)).isInstanceOf(AppendResult.Stored.class);
        store.close();
    }

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
        }
    }

    private void open() {
        store = null;
        store = EdgeStore.open(data, 1, () -> 1_763_000_000_000_000L);
    }

    private AppendResult append(Series series, long sequence) {
        return await(store.readings().append(List.of(batch(sequence, oneReading(series, sequence, 70)))))
                .getFirst();
    }

    private Columns read(Series series) {
        return await(store.readings().read(series, TimeRange.ALL, Order.OLDEST_FIRST, 100));
    }

    private void putBack(String file) throws IOException {
        Files.copy(backup.resolve(file), data.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }

    /** The names and contents of all files but those that hold no data of their own. */
    private Map<String, Integer> contents() throws IOException {
        var contents = new TreeMap<String, Integer>();
        try (var files = Files.walk(data)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                var name = data.relativize(file).toString();
                if (!name.equals("lock") && !name.endsWith("-shm") && !name.endsWith("-wal")) {
                    contents.put(name, Arrays.hashCode(Files.readAllBytes(file)));
                }
            }
        }
        return contents;
    }

    /** A start is refused, names the file, and leaves everything as it was. */
    private void assertRefused(String message) throws IOException {
        var before = contents();
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(this::open)
                    .isInstanceOf(PlaneException.FailedPrecondition.class)
                    .hasMessageContaining(message);
        }
        assertThat(contents()).isEqualTo(before);
    }

    private void adopt() {
        EdgeStore.adopt(data, EdgeSettings.of(1), data.resolve("audit"));
        open();
    }

    @Test
    void older_keys_are_refused() throws IOException {
        putBack("keys.db");
        assertRefused("keys.db is older than pulseplane.db");
    }

    @Test
    void a_patient_whose_key_is_missing_is_reported_as_lost_and_nothing_of_the_patient_is_deleted() throws Exception {
        var newestKeys = Files.readAllBytes(data.resolve("keys.db"));
        putBack("keys.db");
        putBack("keys.copy");
        adopt();
        assertThat(read(ADA).size()).isEqualTo(2);
        assertThatThrownBy(() -> read(LATE)).isInstanceOf(PlaneException.DataLoss.class);
        assertThatThrownBy(() -> await(store.readings().latest(new Subject.OfPatient("late"))))
                .isInstanceOf(PlaneException.DataLoss.class);
        assertThat(append(LATE, 2)).isInstanceOf(AppendResult.PatientUnreadable.class);
        assertThat(await(store.readings()
                                .append(List.of(batch(3, oneReading(LATE, 3, 70)), batch(3, oneReading(ADA, 3, 70)))))
                        .getLast())
                .as("a batch of another patient in the same group")
                .isInstanceOf(AppendResult.Stored.class);
        await(store.compact());
        assertThat(append(series("later", "d3", HEART_RATE), 1)).isInstanceOf(AppendResult.Stored.class);
        await(store.compact());
        store.close();

        Files.write(data.resolve("keys.db"), newestKeys);
        assertRefused("keys.db is older than pulseplane.db");
        adopt();
        assertThat(read(LATE).size()).isEqualTo(1);
        assertThat(read(ADA).size()).isEqualTo(3);
        await(store.compact());
        assertThat(read(LATE).size()).isEqualTo(1);
        assertThat(RawDatabase.queryLong(data, "SELECT count(*) FROM journal")).isZero();
    }

    @Test
    void older_keys_are_completed_from_the_copy_once_they_are_adopted() throws IOException {
        open();
        await(store.registry().erasePatient("patient0"));
        store.close();
        putBack("keys.db");
        assertRefused("keys.db is older than pulseplane.db");
        adopt();
        assertThat(read(ADA).size()).isEqualTo(2);
        assertThat(read(LATE).size()).isEqualTo(1);
        assertThat(append(LATE, 2)).isInstanceOf(AppendResult.Stored.class);
        assertThat(append(series("patient0", "d1", HEART_RATE), 9)).isInstanceOf(AppendResult.PatientErased.class);
    }

    @Test
    void a_database_that_is_older_than_its_write_ahead_log_is_refused() throws IOException {
        open();
        assertThat(append(ADA, 3)).isInstanceOf(AppendResult.Stored.class);
        var log = data.resolve("pulseplane.db-wal");
        var bytes = Files.readAllBytes(log);
        assertThat(bytes).isNotEmpty();
        store.close();
        // As after a power cut, but for the database.
        putBack("pulseplane.db");
        Files.write(log, bytes);
        assertRefused("pulseplane.db is older than its write-ahead log");
    }

    @Test
    void an_erased_patient_has_no_key_and_is_not_reported_as_lost() {
        open();
        await(store.registry().erasePatient("late"));
        store.close();
        open();
        assertThat(read(LATE).size()).isZero();
        assertThat(append(LATE, 9)).isInstanceOf(AppendResult.PatientErased.class);
    }

    @Test
    void missing_keys_are_not_made_anew() throws IOException {
        Files.delete(data.resolve("keys.db"));
        assertRefused("keys.db is missing");
        Files.write(data.resolve("keys.db"), new byte[0]);
        assertRefused("keys.db is missing");
    }

    @Test
    void a_missing_node_key_is_not_made_anew() throws IOException {
        Files.delete(data.resolve("node.key"));
        assertRefused("node.key is missing");
        Files.delete(data.resolve("keys.db"));
        assertRefused("keys.db is missing");
    }

    @Test
    void a_missing_database_is_refused_until_an_operator_wants_a_new_one() throws IOException {
        Files.delete(data.resolve("pulseplane.db"));
        assertThatThrownBy(this::open)
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("pulseplane.db is missing");
        assertThatThrownBy(this::open).isInstanceOf(PlaneException.FailedPrecondition.class);
        adopt();
        assertThat(append(ADA, 1)).isInstanceOf(AppendResult.Stored.class);
    }

    @Test
    void a_directory_with_nothing_but_an_audit_trail_is_refused() throws IOException {
        for (var file : List.of("pulseplane.db", "keys.db", "keys.copy", "node.key")) {
            Files.delete(data.resolve(file));
        }
        assertRefused("pulseplane.db is missing");
    }

    @Test
    void an_older_database_is_refused_until_an_operator_adopts_it() throws IOException {
        putBack("pulseplane.db");
        assertRefused("pulseplane.db is older than keys.db");
        adopt();
        assertThat(read(ADA).size()).isEqualTo(1);
        store.close();
        open();
        assertThat(append(ADA, 2)).isInstanceOf(AppendResult.Stored.class);
    }

    @Test
    void an_older_backup_of_all_files_is_one_store() throws IOException {
        for (var file : List.of("pulseplane.db", "keys.db", "node.key")) {
            putBack(file);
        }
        open();
        assertThat(read(ADA).size()).isEqualTo(1);
    }

    @Test
    void a_missing_audit_trail_is_refused_until_an_operator_wants_a_new_one() throws IOException {
        var audit = data.resolve("audit");
        Files.delete(audit.resolve("store.id"));
        open();
        assertThatThrownBy(() -> store.claimAuditDirectory(audit))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("store adopt");
        store.close();
        adopt();
        store.claimAuditDirectory(audit);
        store.close();
        open();
        store.claimAuditDirectory(audit);
    }

    @Test
    void the_audit_trail_of_another_store_is_refused() {
        var other = EdgeStore.open(root.resolve("other"), 1, () -> 1_763_000_000_000_000L);
        try {
            assertThatThrownBy(() -> other.claimAuditDirectory(data.resolve("audit")))
                    .isInstanceOf(PlaneException.FailedPrecondition.class)
                    .hasMessageContaining("another store");
        } finally {
            other.close();
        }
    }

    @Test
    void an_empty_directory_is_not_adopted() throws IOException {
        var empty = root.resolve("empty");
        PrivateFiles.createDirectories(empty);
        assertThatThrownBy(() -> EdgeStore.adopt(empty, EdgeSettings.of(1), empty.resolve("audit")))
                .isInstanceOf(PlaneException.NotFound.class);
    }
}
