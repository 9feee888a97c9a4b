package io.pulseplane.store.edge.salvage;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Patient;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.store.edge.maintenance.Verification;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that everything in a damaged store is got out or reported. */
class SalvageTest {

    private static final KeyEncryptionKey KEY =
            KeyEncryptionKey.fromBase64("iqLzm0NXcPjL4lMdGJPcXpqa9GDHITKyaCIBUFtTQ80=");
    private static final int BLOCK_BYTES = 4_096;
    private static final int PATIENTS = 20;
    private static final int RUNS = 6;
    private static final int READINGS = 400;
    private static final int WITHDRAWN = 3;
    private static final int ERASED = 5;

    @TempDir
    Path directory;

    private Path data;
    private int salvaged;

    @BeforeEach
    void a_store_with_chunks_and_a_journal() {
        data = directory.resolve("data");
        var store = open(data);
        for (int patient = 0; patient < PATIENTS; patient++) {
            await(store.registry().putPatient(Patient.provisional("p" + patient, 0)));
            await(store.registry().putConsent(consent(patient, true)));
        }
        await(store.registry().putConsent(consent(WITHDRAWN, false)));
        for (int run = 0; run < RUNS; run++) {
            for (int patient = 0; patient < PATIENTS; patient++) {
                assertThat(append(store, patient, run)).isInstanceOf(AppendResult.Stored.class);
            }
            if (run < RUNS - 2) {
                await(store.compact());
            }
        }
        await(store.registry().erasePatient("p" + ERASED));
        store.close();
    }

    private static EdgeStore open(Path directory) {
        return EdgeStore.open(directory, EdgeSettings.of(1).withNodeKey(KEY), () -> 1_763_000_000_000_000L);
    }

    private static Consent consent(int patient, boolean granted) {
        return new Consent(0, "p" + patient, granted, 0, OptionalLong.empty(), List.of(), "nurse", 0);
    }

    private static Series seriesOf(int patient) {
        return series("p" + patient, "d" + patient, HEART_RATE);
    }

    private static Columns columns(int patient, int run) {
        var random = new SplittableRandom(31L * patient + run);
        var times = new long[READINGS];
        var values = new double[READINGS];
        for (int i = 0; i < READINGS; i++) {
            times[i] = 1_000_000L * ((long) run * READINGS + i);
            values[i] = random.nextInt(300, 2_000) / 10.0;
        }
        return new Columns(seriesOf(patient), times, values);
    }

    private static AppendResult append(EdgeStore store, int patient, int run) {
        return await(store.readings().append(List.of(batch(1 + run, columns(patient, run)))))
                .getFirst();
    }

    private Path copy(String name) throws IOException {
        var copy = directory.resolve(name);
        PrivateFiles.createDirectories(copy);
        for (var file : List.of("pulseplane.db", "keys.db", "keys.copy")) {
            Files.copy(data.resolve(file), copy.resolve(file));
        }
        return copy;
    }

    private static void zero(Path file, int from) throws IOException {
        var bytes = Files.readAllBytes(file);
        Arrays.fill(bytes, from, Math.min(from + BLOCK_BYTES, bytes.length), (byte) 0);
        Files.write(file, bytes);
    }

    /** Every reading has its value, or the new store says DATA_LOSS for it, or the report covers it. */
    private void assertAccounted(Path store, List<String> losses, String name) {
        var opened = open(store);
        try {
            for (int patient = 0; patient < PATIENTS; patient++) {
                if (patient == ERASED) {
                    assertThat(append(opened, patient, RUNS)).as(name).isInstanceOf(AppendResult.PatientErased.class);
                    continue;
                }
                for (int run = 0; run < RUNS; run++) {
                    assertAccounted(opened, patient, run, losses, name);
                }
            }
            assertThat(await(opened.registry().consents("p" + WITHDRAWN, Long.MAX_VALUE, 1)))
                    .as(name + ": the last consent")
                    .allMatch(consent -> !consent.granted());
        } finally {
            opened.close();
        }
    }

    private void assertAccounted(EdgeStore store, int patient, int run, List<String> losses, String name) {
        var expected = columns(patient, run);
        var range = new TimeRange(expected.firstTime(), expected.lastTime() + 1);
        try {
            var found = await(store.readings().read(seriesOf(patient), range, Order.OLDEST_FIRST, Integer.MAX_VALUE));
            if (found.equals(expected)) {
                salvaged++;
                return;
            }
            assertThat(found.size()).as(name).isZero();
        } catch (PlaneException.DataLoss _) {
            assertThat(losses).as(name).isNotEmpty();
            return;
        }
        assertThat(losses)
                .as(name + ": run " + run + " of patient " + patient)
                .anyMatch(loss -> loss.matches(
                        "entry .*journal.*|damaged pages of journal.*|series \\d+ with all.*|code and unit.*|"
                                + "the record of patient number " + (patient + 1) + "; the readings are those.*|"
                                + "the record of device.*|patient number " + (patient + 1) + " with all.*"));
    }

    @Test
    void an_intact_store_is_salvaged_whole_and_stays_as_it_is() throws IOException {
        var before = Files.readAllBytes(data.resolve("pulseplane.db"));
        var to = directory.resolve("to");
        var report = Salvage.salvage(data, to, KEY);
        assertThat(report.losses()).isEmpty();
        assertThat(report.patients()).isEqualTo(PATIENTS);
        assertThat(report.batches()).isEqualTo(2L * (PATIENTS - 1));
        assertThat(Files.readAllBytes(data.resolve("pulseplane.db"))).isEqualTo(before);
        assertThat(Verification.verify(to, KEY).findings()).isEmpty();
        assertAccounted(to, List.of(), "intact");
        assertThat(salvaged).isEqualTo((PATIENTS - 1) * RUNS);
        var store = open(to);
        try {
            assertThat(append(store, 0, 0)).isInstanceOf(AppendResult.Repeated.class);
            await(store.compact());
        } finally {
            store.close();
        }
        assertThat(Verification.verify(to, KEY).findings()).isEmpty();
    }

    @Test
    void everything_is_got_out_or_reported_whatever_block_of_the_database_is_lost() throws Exception {
        long size = Files.size(data.resolve("pulseplane.db"));
        int blocks = 0;
        for (int at = 0; at < size; at += BLOCK_BYTES) {
            var damaged = copy("damaged" + at);
            zero(damaged.resolve("pulseplane.db"), at);
            var to = directory.resolve("salvaged" + at);
            var report = Salvage.salvage(damaged, to, KEY);
            assertThat(Verification.verify(to, KEY).findings())
                    .as("block at " + at)
                    .allMatch(finding -> finding.contains("quarantine")
                            || finding.contains("key")
                            || report.losses().contains(finding));
            assertAccounted(to, report.losses(), "block at " + at + ": " + report.losses());
            blocks++;
        }
        int all = blocks * (PATIENTS - 1) * RUNS;
        System.out.println("Salvaged " + salvaged + " of " + all + " runs of readings, one of " + blocks
                + " blocks lost each time");
        assertThat(salvaged).isGreaterThan(all * 9 / 10);
    }

    @Test
    void no_reading_is_lost_whatever_block_of_the_keys_is_lost() throws Exception {
        for (var name : List.of("keys.db", "keys.copy")) {
            for (int at = 0; at < Files.size(data.resolve(name)); at += BLOCK_BYTES) {
                var damaged = copy(name + at);
                zero(damaged.resolve(name), at);
                var to = directory.resolve("salvaged-" + name + at);
                salvaged = 0;
                Salvage.salvage(damaged, to, KEY);
                assertAccounted(to, List.of("keys"), name + " at " + at);
                assertThat(salvaged).as(name + " at " + at).isEqualTo((PATIENTS - 1) * RUNS);
            }
        }
    }

    @Test
    void what_only_the_write_ahead_log_has_is_got_out() throws Exception {
        var store = open(data);
        append(store, 0, RUNS);
        append(store, 1, RUNS);
        var damaged = copy("damaged");
        Files.copy(data.resolve("pulseplane.db-wal"), damaged.resolve("pulseplane.db-wal"));
        store.close();
        zero(damaged.resolve("pulseplane.db"), 0);
        var to = directory.resolve("to");
        Salvage.salvage(damaged, to, KEY);
        store = open(to);
        try {
            for (int patient = 0; patient < 2; patient++) {
                var expected = columns(patient, RUNS);
                var range = new TimeRange(expected.firstTime(), Long.MAX_VALUE);
                assertThat(await(
                                store.readings().read(seriesOf(patient), range, Order.OLDEST_FIRST, Integer.MAX_VALUE)))
                        .isEqualTo(expected);
            }
        } finally {
            store.close();
        }
    }

    @Test
    void another_node_key_and_a_directory_with_files_are_refused() throws IOException {
        var other = KeyEncryptionKey.fromBase64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assertThatThrownBy(() -> Salvage.salvage(data, directory.resolve("to"), other))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        assertThatThrownBy(() -> Salvage.salvage(data, data, KEY))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("not empty");
        assertThatThrownBy(() -> Salvage.salvage(directory.resolve("none"), directory.resolve("to"), KEY))
                .isInstanceOf(PlaneException.NotFound.class);
    }

    @Test
    void a_lost_consent_is_a_refusal() throws Exception {
        RawDatabase.updateIn(data.resolve("pulseplane.db"), "DELETE FROM consent WHERE number > 10");
        var to = directory.resolve("to");
        var report = Salvage.salvage(data, to, KEY);
        assertThat(report.losses()).anyMatch(loss -> loss.startsWith("consents of unknown patients"));
        var store = open(to);
        try {
            for (int patient = 0; patient < PATIENTS; patient++) {
                assertThat(await(store.registry().consents("p" + patient, Long.MAX_VALUE, 1)))
                        .allMatch(consent -> !consent.granted());
            }
        } finally {
            store.close();
        }
    }
}
