package io.pulseplane.store.edge.maintenance;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Patient;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests what an erasure leaves on disk and in older copies of the database. The contract of stores tests what it
 * promises to callers.
 */
class EraserTest {

    private static final Series ADA = series("ada", "d1", ReadingFixtures.HEART_RATE);
    private static final Series BOB = series("bob", "d2", ReadingFixtures.HEART_RATE);
    private static final Series EVE = series("eve", "d3", ReadingFixtures.HEART_RATE);

    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong(1_763_000_000_000_000L);
    private EdgeStore store;

    @BeforeEach
    void open_a_store_with_two_patients_in_chunks_and_in_the_journal() {
        store = open();
        append(ADA, 1);
        append(BOB, 1);
        await(store.compact());
        append(ADA, 2);
        append(BOB, 2);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private EdgeStore open() {
        return EdgeStore.open(directory, 1, clock::get);
    }

    private AppendResult append(Series series, long sequence) {
        return await(store.readings().append(List.of(batch(sequence, regularColumns(sequence, 10, series)))))
                .getFirst();
    }

    private int countReadings(Series series) {
        return await(store.readings().read(series, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                .size();
    }

    private void assertAdaIsErased() {
        var ada = new Subject.OfPatient("ada");
        var registry = store.registry();
        assertThat(await(registry.isRegistered(ada))).isFalse();
        assertThat(await(registry.patient("ada"))).isEmpty();
        assertThat(await(store.readings().series(ada))).isEmpty();
        assertThat(await(store.readings().latest(ada))).isEmpty();
        assertThat(await(store.readings().series(new Subject.OfDevice("d1")))).isEmpty();
        assertThat(countReadings(ADA)).isZero();
        assertThat(append(ADA, 9)).isInstanceOf(AppendResult.PatientErased.class);
    }

    private void assertBobIsKept() {
        assertThat(await(store.registry().patientsAfter("", 10)))
                .extracting(Patient::id)
                .containsExactly("bob");
        assertThat(await(store.registry().assignments(Optional.empty(), false, Long.MAX_VALUE, 10)))
                .extracting("patient")
                .containsExactly("bob");
        assertThat(countReadings(BOB)).isEqualTo(15);
        assertThat(await(store.size()).patients()).isEqualTo(1);
    }

    @Test
    void maintenance_deletes_the_chunks_of_an_erased_patient() throws Exception {
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                .isEqualTo(2);
        await(store.registry().erasePatient("ada"));
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                .isEqualTo(1);
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                .isZero();
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM erased WHERE collected = 1"))
                .isEqualTo(1);
        assertAdaIsErased();
        assertBobIsKept();
    }

    @Test
    void an_erasure_that_was_interrupted_before_the_key_was_destroyed_is_finished_at_the_next_start() throws Exception {
        store.close();
        // The same changes as the transaction before the key is destroyed.
        RawDatabase.update(directory, "INSERT INTO erased SELECT number, id_tag, 77, 0 FROM patient WHERE number = 1");
        RawDatabase.update(
                directory, "UPDATE patient SET id_tag = NULL, mrn_tag = NULL, details = NULL WHERE number = 1");
        RawDatabase.update(directory, "DELETE FROM assignment WHERE patient = 1");
        var keys = "SELECT wrapped FROM data_key WHERE owner = 1";
        var wrapped = RawDatabase.queryBlobs(directory.resolve("keys.db"), keys).getFirst();

        store = open();
        assertThat(RawDatabase.queryBlobs(directory.resolve("keys.db"), keys)).isEmpty();
        assertThat(RawDatabase.contains(directory, wrapped)).isFalse();
        assertThat(await(store.registry().erasePatient("ada"))).isEqualTo(77);
        assertAdaIsErased();
        assertBobIsKept();
    }

    @Test
    void an_erasure_holds_in_a_copy_of_the_database_that_was_made_before_it() throws Exception {
        store.close();
        var copy = directory.resolve("copy.db");
        Files.copy(directory.resolve("pulseplane.db"), copy);

        store = open();
        // A patient who came after the copy was made, and is not in it.
        append(EVE, 1);
        long erased = await(store.registry().erasePatient("ada"));
        clock.addAndGet(1_000);
        await(store.registry().erasePatient("eve"));
        store.close();
        Files.move(copy, directory.resolve("pulseplane.db"), StandardCopyOption.REPLACE_EXISTING);
        EdgeStore.adopt(directory, EdgeSettings.of(1), directory.resolve("audit"));

        store = open();
        assertAdaIsErased();
        assertBobIsKept();
        assertThat(await(store.registry().erasePatient("ada"))).isEqualTo(erased);
        assertThat(append(EVE, 2)).isInstanceOf(AppendResult.PatientErased.class);
        await(store.compact());
        assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                .isEqualTo(1);

        // The device can be assigned again, and no patient gets a number whose key is destroyed.
        await(store.registry().putPatient(Patient.provisional("dan", 0)));
        await(store.registry().assign("d1", "dan", clock.get()));
        assertThat(append(series("dan", "d1", ReadingFixtures.HEART_RATE), 10)).isInstanceOf(AppendResult.Stored.class);
        assertThat(countReadings(series("dan", "d1", ReadingFixtures.HEART_RATE)))
                .isEqualTo(10);
        assertThat(countReadings(BOB)).isEqualTo(15);
    }
}
