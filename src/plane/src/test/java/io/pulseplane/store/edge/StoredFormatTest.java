package io.pulseplane.store.edge;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Patient;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.maintenance.Verification;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.tables.Receipt;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.store.edge.tables.Schema;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests that a store which an earlier version of the schema wrote stays readable. A store of each version is kept byte
 * by byte. Patients ada and bob have chunks, and later readings in the journal; eve was erased.
 *
 * <p>{@link #main} wrote them: {@code java -cp <test classpath> io.pulseplane.store.edge.StoredFormatTest
 * schema-1.zip}. When a step is added to the schema, these files stay, and another one is made for the new version.
 */
@ParameterizedClass(name = "schema {0}")
@MethodSource("versions")
class StoredFormatTest {

    private static final long SECOND = 1_000_000;
    private static final Series ADA = new Series("ada", "d1", ReadingFixtures.HEART_RATE, "/min");
    private static final Series ADA_BREATH = new Series("ada", "d1", ReadingFixtures.RESPIRATORY_RATE, "/min");
    private static final Series BOB = new Series("bob", "d2", ReadingFixtures.HEART_RATE, "/min");
    private static final Series EVE = new Series("eve", "d3", ReadingFixtures.HEART_RATE, "/min");

    /** The node key of the kept store. */
    private static final KeyEncryptionKey KEY =
            KeyEncryptionKey.fromBase64("iqLzm0NXcPjL4lMdGJPcXpqa9GDHITKyaCIBUFtTQ80=");

    @Parameter
    private int version;

    @TempDir
    Path directory;

    private EdgeStore store;

    static IntStream versions() {
        return IntStream.rangeClosed(1, Schema.VERSION);
    }

    @BeforeEach
    void unpack_the_kept_store() throws IOException {
        var file = "/stores/schema-" + version + ".zip";
        try (var zip = new ZipInputStream(StoredFormatTest.class.getResourceAsStream(file))) {
            for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Files.copy(zip, directory.resolve(entry.getName()));
            }
        }
        store = EdgeStore.open(directory, EdgeSettings.of(2).withNodeKey(KEY), () -> 1_763_100_000_000_000L);
    }

    static void main(String[] arguments) throws IOException {
        var created = Files.createTempDirectory("stored-format");
        var store = EdgeStore.open(created, EdgeSettings.of(1).withNodeKey(KEY), () -> 1_763_000_000_000_000L);
        await(store.registry().putPatient(ada()));
        await(store.readings()
                .append(List.of(
                        batch(1, columns(ADA, 1_000, 3_000, 60)),
                        batch(2, columns(ADA_BREATH, 1_000, 500, 12)),
                        batch(1, columns(BOB, 1_000, 100, 80)),
                        batch(1, columns(EVE, 1_000, 100, 70)))));
        await(store.registry().erasePatient("eve"));
        await(store.compact());
        await(store.readings()
                .append(List.of(batch(3, columns(ADA, 4_000, 250, 60)), batch(2, columns(BOB, 1_100, 50, 80)))));
        store.close();
        try (var zip = new ZipOutputStream(Files.newOutputStream(Path.of(arguments[0])))) {
            for (var name : List.of("pulseplane.db", "keys.db")) {
                zip.putNextEntry(new ZipEntry(name));
                Files.copy(created.resolve(name), zip);
            }
        }
    }

    private static Patient ada() {
        return new Patient(
                "ada",
                Optional.of("MRN-1"),
                "Ada",
                "Lovelace",
                Optional.of(LocalDate.of(1815, 12, 10)),
                Optional.of(Patient.Gender.FEMALE),
                "+49 30 5550147",
                "ada@example.org",
                false,
                0,
                0);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static Columns columns(Series series, long from, int count, double base) {
        var times = new long[count];
        var values = new double[count];
        for (int i = 0; i < count; i++) {
            times[i] = (from + i) * SECOND;
            values[i] = (base * 10 + (from + i) % 37) / 10.0;
        }
        return new Columns(series, times, values);
    }

    private Columns read(Series series) {
        return await(store.readings().read(series, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE));
    }

    private AppendResult append(long sequence, Columns columns) {
        return await(store.readings().append(List.of(batch(sequence, columns)))).getFirst();
    }

    private void assertAllDataIsReadable() {
        assertThat(read(ADA)).isEqualTo(columns(ADA, 1_000, 3_250, 60));
        assertThat(read(ADA_BREATH)).isEqualTo(columns(ADA_BREATH, 1_000, 500, 12));
        assertThat(read(BOB)).isEqualTo(columns(BOB, 1_000, 150, 80));
        assertThat(await(store.readings().series(new Subject.OfPatient("ada")))).containsExactly(ADA, ADA_BREATH);
        assertThat(await(store.readings().series(new Subject.OfDevice("d3")))).isEmpty();
        assertThat(await(store.registry().patient("eve"))).isEmpty();
        assertThat(await(store.registry().patientByMrn("MRN-1")))
                .map(Patient::givenName)
                .isEqualTo(Optional.of("Ada"));
    }

    @Test
    void all_data_is_readable_after_opening_after_compaction_and_after_reopening() throws Exception {
        assertAllDataIsReadable();
        await(store.compact());
        assertAllDataIsReadable();
        store.close();
        assertThat(RawDatabase.queryLong(directory, "PRAGMA user_version")).isEqualTo(Schema.VERSION);
        store = EdgeStore.open(directory, EdgeSettings.of(2).withNodeKey(KEY), () -> 1_763_200_000_000_000L);
        assertAllDataIsReadable();
    }

    @Test
    void new_readings_continue_a_series_and_stored_ones_are_duplicates() throws Exception {
        assertThat(append(4, columns(ADA, 4_250, 10, 60)))
                .isInstanceOfSatisfying(
                        AppendResult.Stored.class,
                        stored ->
                                assertThat(stored.acknowledgement().accepted()).isEqualTo(10));
        assertThat(append(5, columns(ADA, 1_100, 20, 60)))
                .isInstanceOfSatisfying(
                        AppendResult.Stored.class,
                        stored -> assertThat(stored.acknowledgement().duplicates())
                                .isEqualTo(20));
        assertThat(read(ADA)).isEqualTo(columns(ADA, 1_000, 3_260, 60));
        assertThat(append(1, columns(ADA, 1_000, 3_000, 60))).isInstanceOf(AppendResult.Repeated.class);
        await(store.compact());
        assertThat(append(4, columns(ADA, 4_250, 10, 60))).isInstanceOf(AppendResult.Repeated.class);
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM series"))
                .isEqualTo(4);
    }

    @Test
    void receipts_say_nothing_of_an_erased_patient_but_that_a_sequence_was_used() throws Exception {
        await(store.compact());
        assertThat(receiptsOf("d3")).hasSize(1).allMatch(Receipt::isForgotten);
        assertThat(receiptsOf("d1")).hasSize(3).noneMatch(Receipt::isForgotten);

        await(store.registry().erasePatient("ada"));
        await(store.compact());
        assertThat(receiptsOf("d1")).hasSize(3).allMatch(Receipt::isForgotten);
        assertThat(receiptsOf("d2")).hasSize(2).noneMatch(Receipt::isForgotten);
        await(store.registry().putPatient(ada()));
        assertThat(append(1, columns(ADA, 1_000, 3_000, 60))).isInstanceOf(AppendResult.SequenceConflict.class);
        assertThat(append(1, columns(BOB, 1_000, 100, 80))).isInstanceOf(AppendResult.Repeated.class);
    }

    private List<Receipt> receiptsOf(String device) throws SQLException {
        var receipts = new ArrayList<Receipt>();
        try (var session = new Database(directory.resolve("pulseplane.db")).openForReading();
                var vault = KeyVault.openForReading(new Database(directory.resolve("keys.db")), KEY)) {
            var select = session.prepare("""
                    SELECT device, first, payload FROM receipt
                    WHERE device = (SELECT number FROM device WHERE device_id = ?)""");
            select.setString(1, device);
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    receipts.addAll(new ReceiptTable(vault)
                            .decode(session, rows.getLong(1), rows.getLong(2), rows.getBytes(3))
                            .values());
                }
            }
        }
        return receipts;
    }

    @Test
    void verification_finds_no_damage() throws Exception {
        await(store.compact());
        var findings = Verification.verify(directory, KEY).findings();
        assertThat(findings).isEmpty();
    }
}
