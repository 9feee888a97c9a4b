package io.pulseplane.store;

import static io.pulseplane.store.StoreContract.HEART_RATE;
import static io.pulseplane.store.StoreContract.HEART_RATE_OF_D2;
import static io.pulseplane.store.StoreContract.RESPIRATORY_RATE;
import static io.pulseplane.store.StoreContract.await;
import static io.pulseplane.store.StoreContract.batch;
import static io.pulseplane.store.StoreContract.block;
import static io.pulseplane.store.StoreContract.columns;
import static io.pulseplane.store.StoreContract.patient;
import static io.pulseplane.store.StoreContract.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.Rejection.Reason;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The contract of appended batches: the store keeps them once, in order, bit for bit, and finds them again. */
abstract class AppendContract extends StoreContractPart {

    AppendContract(StoreContract contract) {
        super(contract);
    }

    @Test
    void finds_what_was_appended() {
        var result = append(batch(1, block(HEART_RATE, times(10, 20, 30), 60, 61, 62)));
        assertThat(result).isInstanceOfSatisfying(AppendResult.Stored.class, stored -> {
            assertThat(stored.acknowledgement().device()).isEqualTo("d1");
            assertThat(stored.acknowledgement().sequence()).isEqualTo(1);
            assertThat(stored.acknowledgement().accepted()).isEqualTo(3);
            assertThat(stored.acknowledgement().duplicates()).isZero();
            assertThat(stored.acknowledgement().rejections()).isEmpty();
            assertThat(stored.newReadings()).containsExactly(columns(HEART_RATE, times(10, 20, 30), 60, 61, 62));
        });
        assertThat(all(HEART_RATE)).isEqualTo(columns(HEART_RATE, times(10, 20, 30), 60, 61, 62));
    }

    @Test
    void answers_a_repeated_batch_as_the_first_time_and_stores_nothing() {
        var first = new ScreenedBatch(
                "d1",
                "p1",
                7,
                99,
                List.of(block(HEART_RATE, times(10, 20), 60, 61)),
                2,
                List.of(new Rejection("9279-1", Reason.IMPLAUSIBLE, new int[] {0, 1, 2, 5})));
        var stored = (AppendResult.Stored) append(first);
        assertThat(append(first)).isEqualTo(new AppendResult.Repeated(stored.acknowledgement()));
        assertThat(stored.acknowledgement().duplicates()).isEqualTo(2);
        assertThat(stored.acknowledgement().rejected()).isEqualTo(4);
        assertThat(all(HEART_RATE).size()).isEqualTo(2);
    }

    @Test
    void stores_readings_of_a_repeated_batch_that_are_no_longer_from_the_future() {
        var first = future(1, List.of(block(HEART_RATE, times(10), 60)), 1, 2);
        var later = future(1, List.of(block(HEART_RATE, times(10, 20), 60, 61)), 2);
        var last = future(1, List.of(block(HEART_RATE, times(10, 20, 30), 60, 61, 62)));
        append(first);
        assertThat(append(later)).isInstanceOfSatisfying(AppendResult.Stored.class, stored -> {
            assertThat(stored.newReadings()).containsExactly(columns(HEART_RATE, times(20), 61));
            assertThat(stored.acknowledgement().accepted()).isEqualTo(2);
            assertThat(stored.acknowledgement().duplicates()).isZero();
            assertThat(stored.acknowledgement().rejected()).isEqualTo(1);
        });
        assertThat(append(first)).as("screened by a clock that was set back").isInstanceOf(AppendResult.Repeated.class);
        var answer = (AppendResult.Stored) append(last);
        assertThat(answer.acknowledgement().accepted()).isEqualTo(3);
        assertThat(answer.acknowledgement().rejected()).isZero();
        reopen();
        assertThat(append(last)).isEqualTo(new AppendResult.Repeated(answer.acknowledgement()));
        assertThat(all(HEART_RATE)).isEqualTo(columns(HEART_RATE, times(10, 20, 30), 60, 61, 62));
    }

    @Test
    void stores_a_repeated_batch_of_which_everything_was_from_the_future() {
        append(future(1, List.of(), 0, 1));
        var later = future(1, List.of(block(HEART_RATE, times(10, 20), 60, 61)));
        var results = await(store().readings().append(List.of(later, later)));
        assertThat(results.get(0)).isInstanceOf(AppendResult.Stored.class);
        assertThat(results.get(1)).isInstanceOf(AppendResult.Repeated.class);
        assertThat(all(HEART_RATE).size()).isEqualTo(2);
    }

    /** The same batch at several times: the digest is that of the batch as it was sent. */
    private static ScreenedBatch future(long sequence, List<ScreenedBatch.Block> blocks, int... futureIndexes) {
        var rejections = futureIndexes.length == 0
                ? List.<Rejection>of()
                : List.of(new Rejection(HEART_RATE.code(), Reason.IN_THE_FUTURE, futureIndexes));
        return new ScreenedBatch("d1", "p1", sequence, 99, blocks, 0, rejections);
    }

    @Test
    void recognises_a_repeated_batch_inside_one_group() {
        var batch = batch(1, block(HEART_RATE, times(10), 60));
        var results = await(store().readings().append(List.of(batch, batch)));
        assertThat(results.get(0)).isInstanceOf(AppendResult.Stored.class);
        assertThat(results.get(1)).isInstanceOf(AppendResult.Repeated.class);
    }

    @Test
    void refuses_a_sequence_that_was_used_for_another_batch() {
        append(batch(1, block(HEART_RATE, times(10), 60)));
        var other = new ScreenedBatch("d1", "p1", 1, 12345, List.of(block(HEART_RATE, times(11), 60)), 0, List.of());
        assertThat(append(other)).isInstanceOf(AppendResult.SequenceConflict.class);
        assertThat(all(HEART_RATE).times()).containsExactly(10);
    }

    @Test
    void keeps_sequences_of_devices_apart() {
        append(batch(1, block(HEART_RATE, times(10), 60)));
        assertThat(append(batch(1, block(HEART_RATE_OF_D2, times(10), 61)))).isInstanceOf(AppendResult.Stored.class);
    }

    @Test
    void compares_sequences_as_unsigned() {
        append(batch(-1, block(HEART_RATE, times(10), 60)));
        append(batch(5, block(HEART_RATE, times(11), 60)));
        assertThat(await(store().registry().device("d1")).orElseThrow().lastSequence())
                .isEqualTo(-1);
    }

    @Test
    void counts_a_stored_reading_as_a_duplicate() {
        append(batch(1, block(HEART_RATE, times(10, 20), 60, 61)));
        var result = (AppendResult.Stored) append(batch(2, block(HEART_RATE, times(10, 15, 20), 60, 66, 61)));
        assertThat(result.acknowledgement().accepted()).isEqualTo(1);
        assertThat(result.acknowledgement().duplicates()).isEqualTo(2);
        assertThat(result.newReadings()).containsExactly(columns(HEART_RATE, times(15), 66));
        assertThat(all(HEART_RATE)).isEqualTo(columns(HEART_RATE, times(10, 15, 20), 60, 66, 61));
    }

    @Test
    void rejects_another_value_for_the_same_microsecond_and_keeps_the_first() {
        append(batch(1, block(HEART_RATE, times(10, 20), 60, 61)));
        var columns = columns(HEART_RATE, times(10, 20, 30), 60, 99, 62);
        var moved = new ScreenedBatch.Block(columns, new int[] {4, 2, 0});
        var result = (AppendResult.Stored) append(batch(2, moved));
        assertThat(result.acknowledgement().accepted()).isEqualTo(1);
        assertThat(result.acknowledgement().duplicates()).isEqualTo(1);
        assertThat(result.acknowledgement().rejections())
                .containsExactly(new Rejection("8867-4", Reason.CONFLICTING_VALUE, new int[] {2}));
        assertThat(all(HEART_RATE)).isEqualTo(columns(HEART_RATE, times(10, 20, 30), 60, 61, 62));
    }

    @Test
    void adds_its_conflicts_to_those_of_the_screener() {
        append(batch(1, block(HEART_RATE, times(10), 60)));
        var batch = new ScreenedBatch(
                "d1",
                "p1",
                2,
                2,
                List.of(new ScreenedBatch.Block(columns(HEART_RATE, times(10), 61), new int[] {3})),
                0,
                List.of(new Rejection("8867-4", Reason.CONFLICTING_VALUE, new int[] {1, 5})));
        var result = (AppendResult.Stored) append(batch);
        assertThat(result.newReadings()).isEmpty();
        assertThat(result.acknowledgement().rejections())
                .containsExactly(new Rejection("8867-4", Reason.CONFLICTING_VALUE, new int[] {1, 3, 5}));
    }

    @Test
    void sorts_late_readings_by_time() {
        append(batch(1, block(HEART_RATE, times(100, 200), 60, 61)));
        append(batch(2, block(HEART_RATE, times(0, 150), 50, 55)));
        assertThat(all(HEART_RATE)).isEqualTo(columns(HEART_RATE, times(0, 100, 150, 200), 50, 60, 55, 61));
    }

    @Test
    void keeps_every_double_bit_for_bit() {
        var values = new double[] {
            -0.0, 0.0, Double.MIN_VALUE, -Double.MAX_VALUE, Math.PI, 0.1 + 0.2, 1e-310, 62.0, Long.MAX_VALUE
        };
        append(batch(
                1,
                block(
                        RESPIRATORY_RATE,
                        IntStream.range(0, values.length).asLongStream().toArray(),
                        values)));
        var stored = all(RESPIRATORY_RATE).values();
        for (int i = 0; i < values.length; i++) {
            assertThat(Double.doubleToRawLongBits(stored[i])).isEqualTo(Double.doubleToRawLongBits(values[i]));
        }
        var minusZero = (AppendResult.Stored) append(batch(2, block(RESPIRATORY_RATE, times(0), 0.0)));
        assertThat(minusZero.acknowledgement().rejected()).isEqualTo(1);
    }

    @Test
    void recognises_a_repeated_batch_without_valid_readings() {
        var rejected = new ScreenedBatch(
                "d1", "p1", 1, 1, List.of(), 0, List.of(new Rejection("x", Reason.UNKNOWN_CODE, new int[] {0})));
        assertThat(append(rejected)).isInstanceOf(AppendResult.Stored.class);
        assertThat(append(rejected)).isInstanceOf(AppendResult.Repeated.class);
    }

    @Test
    void keeps_the_order_of_groups() {
        var order = new CopyOnWriteArrayList<Integer>();
        var all = IntStream.range(0, 50)
                .mapToObj(i -> store().readings()
                        .append(List.of(batch(i + 1, block(HEART_RATE, times(i), 60 + i))))
                        .onItem()
                        .invoke(() -> order.add(i))
                        .subscribeAsCompletionStage())
                .toList();
        all.forEach(stage -> stage.toCompletableFuture().join());
        assertThat(order).isEqualTo(IntStream.range(0, 50).boxed().toList());
    }

    @Test
    void keeps_the_order_of_groups_that_have_a_device_in_common_among_others() {
        var all = IntStream.range(0, 60)
                .mapToObj(i -> {
                    var series = new Series("p" + i % 3, "d" + i % 3, HEART_RATE.code(), HEART_RATE.unit());
                    var columns = new Columns(series, times(10), new double[] {60 + i});
                    return store().readings()
                            .append(List.of(ReadingFixtures.batch(i + 1, columns)))
                            .subscribeAsCompletionStage();
                })
                .toList();
        var accepted = all.stream()
                .map(answer -> (AppendResult.Stored) answer.join().getFirst())
                .map(stored -> stored.acknowledgement().accepted())
                .toList();
        // Of several readings of one time, the store keeps the first.
        assertThat(accepted.subList(0, 3)).containsOnly(1);
        assertThat(accepted.subList(3, 60)).containsOnly(0);
    }

    @Test
    void keeps_everything_across_a_restart() {
        append(batch(1, block(HEART_RATE, times(10, 20), 60, 61), block(RESPIRATORY_RATE, times(10), 12)));
        await(store().registry().putPatient(patient("p1", Optional.of("MRN-1"))));
        reopen();
        assertThat(all(HEART_RATE)).isEqualTo(columns(HEART_RATE, times(10, 20), 60, 61));
        assertThat(append(batch(1, block(HEART_RATE, times(10, 20), 60, 61), block(RESPIRATORY_RATE, times(10), 12))))
                .isInstanceOf(AppendResult.Repeated.class);
        assertThat(await(store().registry().patientByMrn("MRN-1"))).isPresent();
    }

    @Test
    void appends_only_on_subscription() {
        store().readings().append(List.of(batch(1, block(HEART_RATE, times(10), 60))));
        assertThat(all(HEART_RATE).isEmpty()).isTrue();
    }
}
