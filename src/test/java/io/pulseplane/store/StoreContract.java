package io.pulseplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.Rejection.Reason;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What every store promises. A store passes by extending this class and saying how it is opened. */
public abstract class StoreContract {

    protected static final Series PULSE = new Series("p1", "d1", "8867-4", "/min");
    private static final Series BREATH = new Series("p1", "d1", "9279-1", "/min");
    private static final Series PULSE_ELSEWHERE = new Series("p1", "d2", "8867-4", "/min");

    protected final AtomicLong clock = new AtomicLong(1_763_000_000_000_000L);
    protected Store store;

    /** A new, empty store that reads {@link #clock}. */
    protected abstract Store open();

    /** The same store again, after it was closed; or the open one, for stores that end with the process. */
    protected abstract Store reopen(Store closed);

    @BeforeEach
    void openStore() {
        store = open();
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    @Nested
    class Appending {

        @Test
        void finds_what_was_appended() {
            var receipt = append(batch(1, block(PULSE, times(10, 20, 30), 60, 61, 62)));
            assertThat(receipt).isInstanceOfSatisfying(Receipt.Stored.class, stored -> {
                assertThat(stored.acknowledgement().device()).isEqualTo("d1");
                assertThat(stored.acknowledgement().sequence()).isEqualTo(1);
                assertThat(stored.acknowledgement().accepted()).isEqualTo(3);
                assertThat(stored.acknowledgement().duplicates()).isZero();
                assertThat(stored.acknowledgement().rejections()).isEmpty();
                assertThat(stored.fresh()).containsExactly(columns(PULSE, times(10, 20, 30), 60, 61, 62));
            });
            assertThat(all(PULSE)).isEqualTo(columns(PULSE, times(10, 20, 30), 60, 61, 62));
        }

        @Test
        void answers_a_repeated_batch_as_the_first_time_and_stores_nothing() {
            var first = new ScreenedBatch(
                    "d1",
                    "p1",
                    7,
                    99,
                    List.of(block(PULSE, times(10, 20), 60, 61)),
                    2,
                    List.of(new Rejection("9279-1", Reason.IMPLAUSIBLE, new int[] {0, 1, 2, 5})));
            var stored = (Receipt.Stored) append(first);
            assertThat(append(first)).isEqualTo(new Receipt.Repeated(stored.acknowledgement()));
            assertThat(stored.acknowledgement().duplicates()).isEqualTo(2);
            assertThat(stored.acknowledgement().rejected()).isEqualTo(4);
            assertThat(all(PULSE).size()).isEqualTo(2);
        }

        @Test
        void recognises_a_repeated_batch_inside_one_group() {
            var batch = batch(1, block(PULSE, times(10), 60));
            var receipts = await(store.readings().append(List.of(batch, batch)));
            assertThat(receipts.get(0)).isInstanceOf(Receipt.Stored.class);
            assertThat(receipts.get(1)).isInstanceOf(Receipt.Repeated.class);
        }

        @Test
        void refuses_a_sequence_that_was_used_for_another_batch() {
            append(batch(1, block(PULSE, times(10), 60)));
            var other = new ScreenedBatch("d1", "p1", 1, 12345, List.of(block(PULSE, times(11), 60)), 0, List.of());
            assertThat(append(other)).isInstanceOf(Receipt.SequenceReused.class);
            assertThat(all(PULSE).times()).containsExactly(10);
        }

        @Test
        void keeps_sequences_of_devices_apart() {
            append(batch(1, block(PULSE, times(10), 60)));
            assertThat(append(batch(1, block(PULSE_ELSEWHERE, times(10), 61)))).isInstanceOf(Receipt.Stored.class);
        }

        @Test
        void takes_a_sequence_as_unsigned() {
            append(batch(-1, block(PULSE, times(10), 60)));
            append(batch(5, block(PULSE, times(11), 60)));
            assertThat(await(store.registry().device("d1")).orElseThrow().lastSequence())
                    .isEqualTo(-1);
        }

        @Test
        void counts_a_reading_it_has_as_a_duplicate() {
            append(batch(1, block(PULSE, times(10, 20), 60, 61)));
            var receipt = (Receipt.Stored) append(batch(2, block(PULSE, times(10, 15, 20), 60, 66, 61)));
            assertThat(receipt.acknowledgement().accepted()).isEqualTo(1);
            assertThat(receipt.acknowledgement().duplicates()).isEqualTo(2);
            assertThat(receipt.fresh()).containsExactly(columns(PULSE, times(15), 66));
            assertThat(all(PULSE)).isEqualTo(columns(PULSE, times(10, 15, 20), 60, 66, 61));
        }

        @Test
        void rejects_another_value_for_the_same_microsecond_and_keeps_the_first() {
            append(batch(1, block(PULSE, times(10, 20), 60, 61)));
            var columns = columns(PULSE, times(10, 20, 30), 60, 99, 62);
            var moved = new ScreenedBatch.Block(columns, new int[] {4, 2, 0});
            var receipt = (Receipt.Stored) append(batch(2, moved));
            assertThat(receipt.acknowledgement().accepted()).isEqualTo(1);
            assertThat(receipt.acknowledgement().duplicates()).isEqualTo(1);
            assertThat(receipt.acknowledgement().rejections())
                    .containsExactly(new Rejection("8867-4", Reason.CONFLICTING_VALUE, new int[] {2}));
            assertThat(all(PULSE)).isEqualTo(columns(PULSE, times(10, 20, 30), 60, 61, 62));
        }

        @Test
        void adds_its_conflicts_to_those_that_screening_found() {
            append(batch(1, block(PULSE, times(10), 60)));
            var batch = new ScreenedBatch(
                    "d1",
                    "p1",
                    2,
                    2,
                    List.of(new ScreenedBatch.Block(columns(PULSE, times(10), 61), new int[] {3})),
                    0,
                    List.of(new Rejection("8867-4", Reason.CONFLICTING_VALUE, new int[] {1, 5})));
            var receipt = (Receipt.Stored) append(batch);
            assertThat(receipt.fresh()).isEmpty();
            assertThat(receipt.acknowledgement().rejections())
                    .containsExactly(new Rejection("8867-4", Reason.CONFLICTING_VALUE, new int[] {1, 3, 5}));
        }

        @Test
        void puts_late_readings_where_they_belong() {
            append(batch(1, block(PULSE, times(100, 200), 60, 61)));
            append(batch(2, block(PULSE, times(0, 150), 50, 55)));
            assertThat(all(PULSE)).isEqualTo(columns(PULSE, times(0, 100, 150, 200), 50, 60, 55, 61));
        }

        @Test
        void keeps_every_double_bit_for_bit() {
            var values = new double[] {
                -0.0, 0.0, Double.MIN_VALUE, -Double.MAX_VALUE, Math.PI, 0.1 + 0.2, 1e-310, 62.0, Long.MAX_VALUE
            };
            append(batch(
                    1,
                    block(
                            BREATH,
                            IntStream.range(0, values.length).asLongStream().toArray(),
                            values)));
            var stored = all(BREATH).values();
            for (int i = 0; i < values.length; i++) {
                assertThat(Double.doubleToRawLongBits(stored[i])).isEqualTo(Double.doubleToRawLongBits(values[i]));
            }
            var minusZero = (Receipt.Stored) append(batch(2, block(BREATH, times(0), 0.0)));
            assertThat(minusZero.acknowledgement().rejected()).isEqualTo(1);
        }

        @Test
        void remembers_a_batch_of_which_nothing_could_be_stored() {
            var rejected = new ScreenedBatch(
                    "d1", "p1", 1, 1, List.of(), 0, List.of(new Rejection("x", Reason.UNKNOWN_CODE, new int[] {0})));
            assertThat(append(rejected)).isInstanceOf(Receipt.Stored.class);
            assertThat(append(rejected)).isInstanceOf(Receipt.Repeated.class);
        }

        @Test
        void keeps_the_order_of_groups() {
            var order = new CopyOnWriteArrayList<Integer>();
            var all = IntStream.range(0, 50)
                    .mapToObj(i -> store.readings()
                            .append(List.of(batch(i + 1, block(PULSE, times(i), 60 + i))))
                            .onItem()
                            .invoke(() -> order.add(i))
                            .subscribeAsCompletionStage())
                    .toList();
            all.forEach(stage -> stage.toCompletableFuture().join());
            assertThat(order).isEqualTo(IntStream.range(0, 50).boxed().toList());
        }

        @Test
        void finds_everything_again_after_it_was_closed() {
            append(batch(1, block(PULSE, times(10, 20), 60, 61), block(BREATH, times(10), 12)));
            await(store.registry().putPatient(patient("p1", Optional.of("MRN-1"))));
            store.close();
            store = reopen(store);
            assertThat(all(PULSE)).isEqualTo(columns(PULSE, times(10, 20), 60, 61));
            assertThat(append(batch(1, block(PULSE, times(10, 20), 60, 61), block(BREATH, times(10), 12))))
                    .isInstanceOf(Receipt.Repeated.class);
            assertThat(await(store.registry().patientByMrn("MRN-1"))).isPresent();
        }

        @Test
        void works_only_when_somebody_waits_for_the_answer() {
            store.readings().append(List.of(batch(1, block(PULSE, times(10), 60))));
            assertThat(all(PULSE).isEmpty()).isTrue();
        }
    }

    @Nested
    class Querying {

        @Test
        void takes_ranges_as_half_open() {
            append(batch(1, block(PULSE, times(10, 20, 30), 60, 61, 62)));
            assertThat(read(PULSE, new TimeRange(10, 30), Order.OLDEST_FIRST, 9).times())
                    .containsExactly(10, 20);
            assertThat(read(PULSE, new TimeRange(11, 31), Order.OLDEST_FIRST, 9).times())
                    .containsExactly(20, 30);
            assertThat(read(PULSE, new TimeRange(10, 10), Order.OLDEST_FIRST, 9).isEmpty())
                    .isTrue();
        }

        @Test
        void reads_either_way_and_no_more_than_asked() {
            append(batch(1, block(PULSE, times(10, 20, 30), 60, 61, 62)));
            assertThat(read(PULSE, TimeRange.ALL, Order.OLDEST_FIRST, 2))
                    .isEqualTo(columns(PULSE, times(10, 20), 60, 61));
            assertThat(read(PULSE, TimeRange.ALL, Order.NEWEST_FIRST, 2))
                    .isEqualTo(columns(PULSE, times(30, 20), 62, 61));
        }

        @Test
        void reads_more_than_one_chunk_of_anything() {
            int size = 10_000;
            var times = IntStream.range(0, size).mapToLong(i -> i * 1_000_000L).toArray();
            var values = IntStream.range(0, size).mapToDouble(i -> 60 + i % 7).toArray();
            append(batch(1, block(PULSE, times, values)));
            assertThat(all(PULSE)).isEqualTo(columns(PULSE, times, values));
            assertThat(read(PULSE, TimeRange.ALL, Order.NEWEST_FIRST, size - 1).lastTime())
                    .isEqualTo(1_000_000L);
        }

        @Test
        void has_nothing_of_a_series_it_does_not_have() {
            assertThat(all(PULSE).isEmpty()).isTrue();
            assertThat(await(store.readings().series(new Subject.OfPatient("p1"))))
                    .isEmpty();
            assertThat(await(store.readings().latest(new Subject.OfPatient("p1"))))
                    .isEmpty();
        }

        @Test
        void lists_series_by_patient_and_by_device_in_order() {
            append(batch(1, block(BREATH, times(1), 12), block(PULSE, times(1), 60)));
            append(batch(1, block(PULSE_ELSEWHERE, times(1), 61)));
            assertThat(await(store.readings().series(new Subject.OfPatient("p1"))))
                    .containsExactly(PULSE, PULSE_ELSEWHERE, BREATH);
            assertThat(await(store.readings().series(new Subject.OfDevice("d2"))))
                    .containsExactly(PULSE_ELSEWHERE);
            assertThat(await(store.readings().series(new Subject.OfPatient("d1"))))
                    .isEmpty();
        }

        @Test
        void keeps_units_of_one_code_apart() {
            var other = new Series("p1", "d1", "8867-4", "Hz");
            append(batch(1, block(PULSE, times(1), 60)));
            append(batch(2, block(other, times(1), 1)));
            assertThat(all(PULSE).values()).containsExactly(60);
            assertThat(all(other).values()).containsExactly(1);
        }

        @Test
        void knows_the_latest_of_every_series_whatever_came_last() {
            append(batch(1, block(PULSE, times(10, 30), 60, 63), block(BREATH, times(20), 12)));
            append(batch(2, block(PULSE, times(20), 62)));
            assertThat(await(store.readings().latest(new Subject.OfPatient("p1"))))
                    .containsExactly(new Reading(PULSE, 30, 63), new Reading(BREATH, 20, 12));
            assertThat(await(store.readings().latest(new Subject.OfDevice("d1"))))
                    .hasSize(2);
        }
    }

    @Nested
    class Registering {

        @Test
        void registers_patient_and_device_of_a_first_batch_provisionally() {
            append(batch(3, block(PULSE, times(10), 60)));
            var registry = store.registry();
            assertThat(await(registry.patient("p1"))).contains(Patient.provisional("p1", clock.get()));
            var device = await(registry.device("d1")).orElseThrow();
            assertThat(device.provisional()).isTrue();
            assertThat(device.lastSeen()).isEqualTo(clock.get());
            assertThat(device.lastSequence()).isEqualTo(3);
            assertThat(await(registry.assignments(Optional.empty(), true, Long.MAX_VALUE, 9)))
                    .containsExactly(new Assignment(1, "d1", "p1", clock.get(), OptionalLong.empty(), true));
            assertThat(await(registry.knows(new Subject.OfPatient("p1")))).isTrue();
            assertThat(await(registry.knows(new Subject.OfDevice("d1")))).isTrue();
            assertThat(await(registry.knows(new Subject.OfDevice("p1")))).isFalse();
        }

        @Test
        void completes_a_provisional_patient_and_keeps_when_it_was_made() {
            append(batch(1, block(PULSE, times(10), 60)));
            long created = clock.getAndAdd(1_000);
            var stored = await(store.registry().putPatient(patient("p1", Optional.of("MRN-1"))));
            assertThat(stored.created()).isFalse();
            assertThat(stored.item())
                    .isEqualTo(new Patient(
                            "p1",
                            Optional.of("MRN-1"),
                            "Ada",
                            "Lovelace",
                            Optional.of(LocalDate.of(1815, 12, 10)),
                            Optional.of(Patient.Gender.FEMALE),
                            "+44 1",
                            "a@b",
                            false,
                            created,
                            created + 1_000));
            assertThat(await(store.registry().patient("p1"))).contains(stored.item());
        }

        @Test
        void keeps_an_mrn_unique_but_lets_many_have_none() {
            var registry = store.registry();
            assertThat(await(registry.putPatient(patient("p1", Optional.of("MRN-1"))))
                            .created())
                    .isTrue();
            await(registry.putPatient(patient("p2", Optional.empty())));
            await(registry.putPatient(patient("p3", Optional.empty())));
            assertThatThrownBy(() -> await(registry.putPatient(patient("p2", Optional.of("MRN-1")))))
                    .isInstanceOf(Problem.AlreadyExists.class);
            assertThat(await(registry.putPatient(patient("p1", Optional.of("MRN-1"))))
                            .created())
                    .isFalse();
            assertThat(await(registry.patientByMrn("MRN-1")).orElseThrow().id()).isEqualTo("p1");
            assertThat(await(registry.patientByMrn("MRN-2"))).isEmpty();
        }

        @Test
        void lists_patients_by_id_in_pages() {
            for (var id : List.of("b", "ä", "a", "\uD83D\uDC93", "\uFFFD")) {
                await(store.registry().putPatient(patient(id, Optional.empty())));
            }
            var first = await(store.registry().patientsAfter("", 3));
            var second = await(store.registry().patientsAfter(first.getLast().id(), 3));
            assertThat(first).extracting(Patient::id).containsExactly("a", "b", "ä");
            assertThat(second).extracting(Patient::id).containsExactly("\uFFFD", "\uD83D\uDC93");
        }

        @Test
        void keeps_what_only_the_store_knows_of_a_device_when_it_is_put() {
            append(batch(4, block(PULSE, times(10), 60)));
            clock.addAndGet(1_000);
            var put = await(store.registry().putDevice(device("d1", Optional.of("SN-1"), Device.Status.MAINTENANCE)));
            assertThat(put.created()).isFalse();
            assertThat(put.item().lastSequence()).isEqualTo(4);
            assertThat(put.item().lastSeen()).isEqualTo(clock.get() - 1_000);
            assertThat(put.item().status()).isEqualTo(Device.Status.MAINTENANCE);
            assertThat(put.item().provisional()).isFalse();
            assertThat(await(store.registry().deviceBySerialNumber("SN-1"))).contains(put.item());
        }

        @Test
        void keeps_a_serial_number_unique() {
            await(store.registry().putDevice(device("d1", Optional.of("SN-1"), Device.Status.ACTIVE)));
            assertThatThrownBy(() ->
                            await(store.registry().putDevice(device("d2", Optional.of("SN-1"), Device.Status.ACTIVE))))
                    .isInstanceOf(Problem.AlreadyExists.class);
        }

        @Test
        void lists_devices_by_status() {
            await(store.registry().putDevice(device("d1", Optional.empty(), Device.Status.ACTIVE)));
            await(store.registry().putDevice(device("d2", Optional.empty(), Device.Status.RETIRED)));
            await(store.registry().putDevice(device("d3", Optional.empty(), Device.Status.ACTIVE)));
            assertThat(await(store.registry().devicesAfter("", Optional.of(Device.Status.ACTIVE), 9)))
                    .extracting(Device::id)
                    .containsExactly("d1", "d3");
            assertThat(await(store.registry().devicesAfter("d1", Optional.empty(), 1)))
                    .extracting(Device::id)
                    .containsExactly("d2");
        }
    }

    @Nested
    class Assigning {

        @BeforeEach
        void registerThem() {
            await(store.registry().putPatient(patient("p1", Optional.empty())));
            await(store.registry().putPatient(patient("p2", Optional.empty())));
            await(store.registry().putDevice(device("d1", Optional.empty(), Device.Status.ACTIVE)));
        }

        @Test
        void moves_a_device_from_one_patient_to_the_next() {
            var registry = store.registry();
            await(registry.assign("d1", "p1", 100));
            await(registry.assign("d1", "p2", 200));
            var all = await(registry.assignments(Optional.empty(), false, Long.MAX_VALUE, 9));
            assertThat(all)
                    .extracting(Assignment::patient, Assignment::from, Assignment::to)
                    .containsExactly(tuple("p2", 200L, OptionalLong.empty()), tuple("p1", 100L, OptionalLong.of(200)));
            assertThat(await(registry.assignments(Optional.of(new Subject.OfPatient("p1")), true, Long.MAX_VALUE, 9)))
                    .isEmpty();
            assertThat(await(registry.assignments(Optional.of(new Subject.OfDevice("d1")), true, Long.MAX_VALUE, 9)))
                    .hasSize(1);
            assertThat(await(registry.assignments(
                            Optional.empty(), false, all.getFirst().number(), 9)))
                    .containsExactly(all.get(1));
        }

        @Test
        void changes_nothing_when_a_device_is_there_already() {
            var first = await(store.registry().assign("d1", "p1", 100));
            assertThat(await(store.registry().assign("d1", "p1", 500))).isEqualTo(first);
        }

        @Test
        void confirms_what_was_concluded() {
            append(batch(1, block(PULSE_ELSEWHERE, times(1), 60)));
            var confirmed = await(store.registry().assign("d2", "p1", clock.get() + 5));
            assertThat(confirmed.provisional()).isFalse();
            assertThat(confirmed.from()).isEqualTo(clock.get());
        }

        @Test
        void releases_a_device() {
            await(store.registry().assign("d1", "p1", 100));
            assertThat(await(store.registry().release("d1", 300)).to()).hasValue(300);
            assertThatThrownBy(() -> await(store.registry().release("d1", 400))).isInstanceOf(Problem.Unmet.class);
        }

        @Test
        void refuses_to_assign_what_is_not_registered_or_retired_or_in_the_wrong_order() {
            var registry = store.registry();
            assertThatThrownBy(() -> await(registry.assign("d9", "p1", 1))).isInstanceOf(Problem.NotFound.class);
            assertThatThrownBy(() -> await(registry.assign("d1", "p9", 1))).isInstanceOf(Problem.NotFound.class);
            assertThatThrownBy(() -> await(registry.release("d9", 1))).isInstanceOf(Problem.NotFound.class);
            await(registry.assign("d1", "p1", 100));
            assertThatThrownBy(() -> await(registry.assign("d1", "p2", 99))).isInstanceOf(Problem.Unmet.class);
            assertThatThrownBy(() -> await(registry.release("d1", 99))).isInstanceOf(Problem.Unmet.class);
            await(registry.putDevice(device("d1", Optional.empty(), Device.Status.RETIRED)));
            assertThatThrownBy(() -> await(registry.assign("d1", "p2", 200))).isInstanceOf(Problem.Unmet.class);
        }
    }

    @Nested
    class Consenting {

        @BeforeEach
        void registerThem() {
            await(store.registry().putPatient(patient("p1", Optional.empty())));
            await(store.registry().putPatient(patient("p2", Optional.empty())));
        }

        private Consent consent(String patient, boolean granted, OptionalLong to, String... codes) {
            return new Consent(0, patient, granted, 5, to, List.of(codes), "ward clerk", 0);
        }

        @Test
        void keeps_all_that_was_recorded_and_knows_the_last() {
            var granted =
                    await(store.registry().putConsent(consent("p1", true, OptionalLong.of(900), "8867-4", "x y")));
            clock.addAndGet(1);
            var withdrawn = await(store.registry().putConsent(consent("p1", false, OptionalLong.empty())));
            assertThat(granted.codes()).containsExactly("8867-4", "x y");
            assertThat(granted.to()).hasValue(900);
            assertThat(granted.recordedBy()).isEqualTo("ward clerk");
            assertThat(granted.recorded()).isEqualTo(clock.get() - 1);
            assertThat(withdrawn.number()).isGreaterThan(granted.number());
            assertThat(await(store.registry().consent("p1"))).contains(withdrawn);
            assertThat(await(store.registry().consents("p1", Long.MAX_VALUE, 10)))
                    .containsExactly(withdrawn, granted);
            assertThat(await(store.registry().consents("p1", withdrawn.number(), 10)))
                    .containsExactly(granted);
            assertThat(await(store.registry().consents("p1", Long.MAX_VALUE, 1)))
                    .containsExactly(withdrawn);
            store.close();
            store = reopen(store);
            assertThat(await(store.registry().consent("p1"))).contains(withdrawn);
        }

        @Test
        void has_none_of_those_who_gave_none() {
            await(store.registry().putConsent(consent("p1", true, OptionalLong.empty())));
            assertThat(await(store.registry().consent("p2"))).isEmpty();
            assertThat(await(store.registry().consent("nobody"))).isEmpty();
            assertThat(await(store.registry().consents("p2", Long.MAX_VALUE, 10)))
                    .isEmpty();
        }

        @Test
        void takes_none_of_a_patient_who_is_not_registered() {
            assertThatThrownBy(() -> await(store.registry().putConsent(consent("nobody", true, OptionalLong.empty()))))
                    .isInstanceOf(Problem.NotFound.class);
        }
    }

    @Test
    void says_what_it_holds() {
        append(batch(1, block(PULSE, times(10), 60), block(BREATH, times(10), 12)));
        var size = await(store.size());
        assertThat(size.patients()).isEqualTo(1);
        assertThat(size.devices()).isEqualTo(1);
        assertThat(size.series()).isEqualTo(2);
        await(store.check());
    }

    @Test
    void says_that_it_is_closed() {
        store.close();
        assertThatThrownBy(() -> all(PULSE)).isInstanceOf(Problem.Unavailable.class);
        assertThatThrownBy(() -> append(batch(1, block(PULSE, times(10), 60)))).isInstanceOf(Problem.Unavailable.class);
        store = reopen(store);
    }

    protected static <T> T await(Uni<T> answer) {
        return answer.await().atMost(Duration.ofSeconds(30));
    }

    protected final Receipt append(ScreenedBatch batch) {
        return await(store.readings().append(List.of(batch))).getFirst();
    }

    protected final Columns all(Series series) {
        return read(series, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE);
    }

    private Columns read(Series series, TimeRange range, Order order, int limit) {
        return await(store.readings().read(series, range, order, limit));
    }

    /** A batch of the patient and device of its first block; its digest is its sequence. */
    protected static ScreenedBatch batch(long sequence, ScreenedBatch.Block... blocks) {
        var series = blocks[0].columns().series();
        return new ScreenedBatch(series.device(), series.patient(), sequence, sequence, List.of(blocks), 0, List.of());
    }

    protected static ScreenedBatch.Block block(Series series, long[] times, double... values) {
        return new ScreenedBatch.Block(columns(series, times, values), null);
    }

    private static Columns columns(Series series, long[] times, double... values) {
        return new Columns(series, times, values);
    }

    protected static long[] times(long... times) {
        return times;
    }

    private static Patient patient(String id, Optional<String> mrn) {
        return new Patient(
                id,
                mrn,
                "Ada",
                "Lovelace",
                Optional.of(LocalDate.of(1815, 12, 10)),
                Optional.of(Patient.Gender.FEMALE),
                "+44 1",
                "a@b",
                false,
                0,
                0);
    }

    private static Device device(String id, Optional<String> serialNumber, Device.Status status) {
        return new Device(id, serialNumber, "monitor", "Acme", "M1", "1.0", status, 0, 0, false, 0, 0);
    }
}
