package io.pulseplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contract of every store. The test of a store extends this class, and implements how to open the store. */
public abstract class StoreContract {

    protected static final Series HEART_RATE = new Series("p1", "d1", "8867-4", "/min");
    static final Series RESPIRATORY_RATE = new Series("p1", "d1", "9279-1", "/min");
    static final Series HEART_RATE_OF_D2 = new Series("p1", "d2", "8867-4", "/min");

    protected final AtomicLong clock = new AtomicLong(1_763_000_000_000_000L);
    protected Store store;

    /** Opens a new, empty store that reads {@link #clock}. */
    protected abstract Store open();

    /** Opens the same store again after it was closed. */
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
    class AppendTests extends AppendContract {

        AppendTests() {
            super(StoreContract.this);
        }
    }

    @Nested
    class QueryTests extends QueryContract {

        QueryTests() {
            super(StoreContract.this);
        }
    }

    @Nested
    class RegistrationTests extends RegistrationContract {

        RegistrationTests() {
            super(StoreContract.this);
        }
    }

    @Nested
    class AssignmentTests extends AssignmentContract {

        AssignmentTests() {
            super(StoreContract.this);
        }
    }

    @Nested
    class ConsentTests extends ConsentContract {

        ConsentTests() {
            super(StoreContract.this);
        }
    }

    @Nested
    class ErasureTests extends ErasureContract {

        ErasureTests() {
            super(StoreContract.this);
        }
    }

    @Test
    void returns_its_size() {
        append(batch(1, block(HEART_RATE, times(10), 60), block(RESPIRATORY_RATE, times(10), 12)));
        var size = await(store.size());
        assertThat(size.patients()).isEqualTo(1);
        assertThat(size.devices()).isEqualTo(1);
        assertThat(size.series()).isEqualTo(2);
        await(store.check());
    }

    @Test
    void fails_after_it_is_closed() {
        store.close();
        assertThatThrownBy(() -> all(HEART_RATE)).isInstanceOf(PlaneException.Unavailable.class);
        assertThatThrownBy(() -> append(batch(1, block(HEART_RATE, times(10), 60))))
                .isInstanceOf(PlaneException.Unavailable.class);
        store = reopen(store);
    }

    protected static <T> T await(Uni<T> answer) {
        return answer.await().atMost(Duration.ofSeconds(30));
    }

    protected final AppendResult append(ScreenedBatch batch) {
        return await(store.readings().append(List.of(batch))).getFirst();
    }

    protected final Columns all(Series series) {
        return read(series, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE);
    }

    final Columns read(Series series, TimeRange range, Order order, int limit) {
        return await(store.readings().read(series, range, order, limit));
    }

    /** Creates a batch of the patient and device of its first block; its digest is its sequence. */
    protected static ScreenedBatch batch(long sequence, ScreenedBatch.Block... blocks) {
        var series = blocks[0].columns().series();
        return new ScreenedBatch(series.device(), series.patient(), sequence, sequence, List.of(blocks), 0, List.of());
    }

    protected static ScreenedBatch.Block block(Series series, long[] times, double... values) {
        return new ScreenedBatch.Block(columns(series, times, values), null);
    }

    static Columns columns(Series series, long[] times, double... values) {
        return new Columns(series, times, values);
    }

    protected static long[] times(long... times) {
        return times;
    }

    static Patient patient(String id, Optional<String> mrn) {
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

    static Device device(String id, Optional<String> serialNumber, Device.Status status) {
        return new Device(id, serialNumber, "monitor", "Acme", "M1", "1.0", status, 0, 0, false, 0, 0);
    }
}
