package io.pulseplane.store.edge.maintenance;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.store.edge.keys.KeyVaultTest;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the inspection and the verification of a store's files. */
class VerificationTest {

    private static final Series ADA = series("ada", "d1", ReadingFixtures.HEART_RATE);
    private static final Series BOB = series("bob", "d2", ReadingFixtures.HEART_RATE);

    @TempDir
    Path directory;

    @BeforeEach
    void create_a_store_with_chunks_journal_and_receipts() {
        var settings = EdgeSettings.of(1).withNodeKey(KeyVaultTest.nodeKey(1));
        var store = EdgeStore.open(directory, settings, () -> 1_763_000_000_000_000L);
        for (int i = 1; i <= 2; i++) {
            await(store.readings()
                    .append(List.of(
                            batch(i, regularColumns(10, 1_000, ADA)), batch(i, regularColumns(i, 1_000, BOB)))));
        }
        await(store.compact());
        await(store.readings()
                .append(List.of(batch(3, oneReading(ADA, 50_000, 61)), batch(3, oneReading(BOB, 50_000, 61)))));
        store.close();
    }

    private Verification.Report verify() {
        return Verification.verify(directory, KeyVaultTest.nodeKey(1));
    }

    @Test
    void inspection_counts_everything() {
        var inspection = Inspection.of(directory, Optional.of(KeyVaultTest.nodeKey(1)));
        assertThat(inspection.patients()).isEqualTo(2);
        assertThat(inspection.devices()).isEqualTo(2);
        assertThat(inspection.series()).isEqualTo(2);
        assertThat(inspection.chunks()).isEqualTo(2);
        assertThat(inspection.readingsInChunks()).isEqualTo(2_500);
        assertThat(inspection.journal().entries()).isEqualTo(1);
        assertThat(inspection.journal().batches()).isEqualTo(2);
        assertThat(inspection.journal().readings()).hasValue(2);
        assertThat(inspection.readings()).isEqualTo(2_502);
        assertThat(inspection.oldest()).hasValue(1);
        assertThat(inspection.newest()).hasValue(10_000);
        assertThat(inspection.damagedChunks() + inspection.erasedNotCollected()).isZero();
        // Without a key, everything but the readings of the journal is counted.
        var withoutKey = Inspection.of(directory, Optional.empty());
        assertThat(withoutKey.journal().batches()).isEqualTo(2);
        assertThat(withoutKey.journal().readings()).isEqualTo(OptionalLong.empty());
    }

    @Test
    void verification_finds_nothing_in_an_undamaged_store() {
        var report = verify();
        assertThat(report.findings()).isEmpty();
        assertThat(report.chunks()).isEqualTo(2);
        assertThat(report.readings()).isEqualTo(2_500);
        assertThat(report.batches()).isEqualTo(2);
        assertThat(report.receipts()).isEqualTo(4);
        assertThat(report.patients()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            UPDATE chunk SET payload = zeroblob(99) WHERE series = 1           | of series 1, from
            UPDATE chunk SET count = count + 1 WHERE series = 2                | of series 2, from
            UPDATE chunk SET series = 1, first_us = 9 WHERE series = 2         | overlaps the one before it
            INSERT INTO quarantined_chunk SELECT * FROM chunk WHERE number = 1 | is in quarantine
            UPDATE patient SET details = zeroblob(99) WHERE number = 2         | patient number 2
            UPDATE journal SET payload = substr(payload, 1, 20)                | of the journal: it is damaged
            UPDATE journal SET payload = X'0103000000'                        | of the journal: batch 0 is damaged
            UPDATE receipt SET payload = zeroblob(99) WHERE device = 1 | receipts of device number 1: cannot be opened
            UPDATE receipt SET count = 7 WHERE device = 2 | receipts of device number 2: the row has another count
            UPDATE key_check SET payload = zeroblob(99)                        | the keys are not those
            """)
    void verification_finds_damage(String damage, String finding) throws Exception {
        assertThat(RawDatabase.update(directory, damage)).isPositive();
        assertThat(verify().findings()).anySatisfy(line -> assertThat(line).contains(finding));
    }

    @Test
    void verification_finds_inconsistent_pages() throws Exception {
        long page = RawDatabase.queryLong(directory, "SELECT rootpage FROM sqlite_schema WHERE name = 'chunk_by_age'");
        try (var file = new RandomAccessFile(directory.resolve("pulseplane.db").toFile(), "rw")) {
            file.seek((page - 1) * RawDatabase.queryLong(directory, "PRAGMA page_size"));
            file.write(new byte[100]);
        }
        assertThat(verify().findings()).isNotEmpty();
    }

    @Test
    void verification_refuses_another_node_key_and_a_directory_without_a_store() {
        assertThatThrownBy(() -> Verification.verify(directory, KeyVaultTest.nodeKey(2)))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        assertThatThrownBy(() -> Verification.verify(directory.resolve("none"), KeyVaultTest.nodeKey(1)))
                .isInstanceOf(PlaneException.NotFound.class);
    }
}
