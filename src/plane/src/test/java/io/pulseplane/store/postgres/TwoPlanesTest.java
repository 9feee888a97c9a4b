package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Assignment;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two planes that use one database at the same time. */
class TwoPlanesTest {

    private static final long SEED = Long.getLong("erasing.seed", 20_261_121);
    private static final int ROUNDS = 40;
    private static final int BATCHES = 8;
    private static final String DESCRIPTION = "-Derasing.seed=%s, round %s";

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);

    private final PostgresServer postgres = PostgresServer.shared();
    private final String database = postgres.createDatabase();
    private final PlaneStores stores = new PlaneStores();
    private final Store one = stores.open(postgres.settings(database));
    private final Store other = stores.open(postgres.settings(database));

    @AfterEach
    void closeStores() {
        stores.close();
    }

    @Test
    void store_a_batch_once_that_comes_to_both() throws Exception {
        for (int sequence = 1; sequence <= 20; sequence++) {
            var batch = batch(sequence, oneReading(ADAS, sequence, 60));
            var receipts = new ConcurrentLinkedQueue<AppendResult>();
            ConcurrentTasks.run(
                    () -> receipts.add(append(one, batch).getFirst()),
                    () -> receipts.add(append(other, batch).getFirst()));
            assertThat(receipts)
                    .filteredOn(AppendResult.Stored.class::isInstance)
                    .hasSize(1);
            assertThat(receipts)
                    .filteredOn(AppendResult.Repeated.class::isInstance)
                    .hasSize(1);
        }
        assertThat(all(one, ADAS).size()).isEqualTo(20);
        assertThat(postgres.queryColumn(database, "SELECT count(*) FROM batches"))
                .containsExactly("20");
    }

    @Test
    void accept_one_of_two_conflicting_readings_and_reject_the_other() throws Exception {
        for (int i = 1; i <= 20; i++) {
            long time = i;
            var first = batch(2L * i, oneReading(ADAS, time, 60));
            var second = batch(2L * i + 1, oneReading(ADAS, time, 61));
            var accepted = new ConcurrentLinkedQueue<Integer>();
            ConcurrentTasks.run(() -> accepted.add(accepted(one, first)), () -> accepted.add(accepted(other, second)));
            assertThat(accepted).containsExactlyInAnyOrder(0, 1);
        }
        assertThat(all(other, ADAS).size()).isEqualTo(20);
    }

    @Test
    void respect_later_readings_that_the_other_plane_stored() {
        append(one, batch(1, oneReading(ADAS, 10, 60)));
        append(other, batch(2, oneReading(ADAS, 30, 63)));
        append(one, batch(3, columns(ADAS, times(20, 30), 62, 63)));
        assertThat(all(other, ADAS)).isEqualTo(columns(ADAS, times(10, 20, 30), 60, 62, 63));
    }

    @Test
    void register_new_patients_and_devices_once_and_without_deadlocks() throws Exception {
        var batches = IntStream.range(0, 200)
                .mapToObj(i ->
                        batch(1, regularColumns(1_000_000, 5, series("patient " + i, "device " + i, HEART_RATE))))
                .toList();
        var random = new Random(7);
        for (int round = 0; round < 10; round++) {
            var shuffled = new ArrayList<>(batches);
            Collections.shuffle(shuffled, random);
            var reversed = shuffled.reversed();
            int sequence = round;
            ConcurrentTasks.run(
                    () -> append(one, withSequence(shuffled, 2 * sequence + 1)),
                    () -> append(other, withSequence(reversed, 2 * sequence + 2)));
        }
        var size = await(one.size());
        assertThat(size.patients()).isEqualTo(200);
        assertThat(size.devices()).isEqualTo(200);
        assertThat(size.series()).isEqualTo(200);
        assertThat(postgres.queryColumn(database, "SELECT count(*) FROM measurements"))
                .containsExactly("1000");
        assertThat(postgres.queryColumn(
                        database, "SELECT deadlocks FROM pg_stat_database WHERE datname = '" + database + "'"))
                .containsExactly("0");
        var assignments = await(one.registry().assignments(Optional.empty(), true, Long.MAX_VALUE, 1_000));
        assertThat(assignments)
                .extracting(Assignment::device)
                .doesNotHaveDuplicates()
                .hasSize(200);
    }

    @Test
    void keep_a_device_on_one_patient_when_both_assign_it() throws Exception {
        append(one, batch(1, oneReading(ADAS, 1, 60)));
        append(one, batch(2, oneReading(series("bob", "monitor", HEART_RATE), 2, 60)));
        var patients = List.of("ada", "bob");
        long now = stores.clock.get();
        for (int round = 0; round < 10; round++) {
            long from = now + round;
            ConcurrentTasks.run(
                    () -> await(one.registry().assign("monitor", patients.get(0), from)),
                    () -> await(other.registry().assign("monitor", patients.get(1), from)));
            assertThat(await(one.registry()
                            .assignments(Optional.of(new Subject.OfDevice("monitor")), true, Long.MAX_VALUE, 9)))
                    .hasSize(1);
        }
    }

    @Test
    void create_a_partition_once_when_both_need_it() throws Exception {
        for (int month = 0; month < 12; month++) {
            long time = Micros.startOf(LocalDate.of(2001, month + 1, 1));
            int sequence = month;
            ConcurrentTasks.run(
                    () -> append(one, List.of(batch(sequence + 1, oneReading(series("a", "x", HEART_RATE), time, 60)))),
                    () -> append(
                            other, List.of(batch(sequence + 1, oneReading(series("b", "y", HEART_RATE), time, 60)))));
        }
        assertThat(postgres.queryColumn(
                        database, "SELECT count(*) FROM pg_class WHERE relname LIKE 'measurements\\_2001\\___'"))
                .containsExactly("12");
        assertThat(postgres.queryColumn(database, "SELECT count(*) FROM measurements"))
                .containsExactly("24");
    }

    @Test
    void show_no_trace_of_a_patient_whom_one_erased_while_the_other_stored_readings() throws Exception {
        var random = new Random(SEED);
        for (int i = 0; i < ROUNDS; i++) {
            int round = i;
            var patient = "patient " + round;
            var series = series(patient, "monitor of " + round, HEART_RATE);
            var begin = new CountDownLatch(1 + random.nextInt(BATCHES));
            append(one, batch(1, oneReading(series, 1, 60)));
            ConcurrentTasks.run(
                    () -> {
                        for (long sequence = 2; sequence < 2 + BATCHES; sequence++) {
                            append(one, batch(sequence, oneReading(series, sequence, 60)));
                            begin.countDown();
                        }
                    },
                    () -> {
                        begin.await();
                        await(other.registry().erasePatient(patient));
                        assertThat(visibleTraces(other, patient))
                                .as(DESCRIPTION, SEED, round)
                                .isEmpty();
                        assertThat(visibleTraces(one, patient))
                                .as(DESCRIPTION, SEED, round)
                                .isEmpty();
                    });
            // Batches that were on their way must not bring the patient back.
            assertThat(visibleTraces(one, patient)).as(DESCRIPTION, SEED, round).isEmpty();
            assertThat(append(one, batch(99, oneReading(series, 99, 60))))
                    .as(DESCRIPTION, SEED, round)
                    .containsExactly(new AppendResult.PatientErased());
        }
        assertThat(postgres.queryColumn(database, "SELECT count(*) FROM measurements"))
                .containsExactly("0");
        assertThat(postgres.queryColumn(database, "SELECT count(*) FROM series"))
                .containsExactly("0");
    }

    private static List<?> visibleTraces(Store store, String patient) {
        var subject = new Subject.OfPatient(patient);
        var all = new ArrayList<Object>(await(store.readings().latest(subject)));
        all.addAll(await(store.readings().series(subject)));
        await(store.registry().patient(patient)).ifPresent(all::add);
        return all;
    }

    private static List<ScreenedBatch> withSequence(List<ScreenedBatch> batches, int sequence) {
        return batches.stream()
                .map(b -> new ScreenedBatch(b.device(), b.patient(), sequence, sequence, b.blocks(), 0, List.of()))
                .toList();
    }

    private static List<AppendResult> append(Store store, ScreenedBatch batch) {
        return append(store, List.of(batch));
    }

    private static List<AppendResult> append(Store store, List<ScreenedBatch> group) {
        return await(store.readings().append(group));
    }

    private static int accepted(Store store, ScreenedBatch batch) {
        return ((AppendResult.Stored) append(store, batch).getFirst())
                .acknowledgement()
                .accepted();
    }

    private static Columns all(Store store, Series series) {
        return await(store.readings().read(series, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE));
    }
}
