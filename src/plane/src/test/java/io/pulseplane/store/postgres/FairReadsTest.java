package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.Patient;
import io.pulseplane.store.ReadCaller;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One caller asks for more than the connections can read at a time. */
class FairReadsTest {

    /** More than there are connections, and less than one caller may have waiting. */
    private static final int MANY = 500;

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);

    private final PostgresServer postgres = PostgresServer.shared();
    private final String database = postgres.createDatabase();
    private final PlaneStores stores = new PlaneStores();
    private final Store store = stores.open(postgres.settings(database));

    /** Holds what reads of pages need until it is rolled back. */
    private Connection lock;

    @BeforeEach
    void lockReadings() throws SQLException {
        appendAll(store, oneReading(ADAS, 10, 60));
        lock = postgres.connect(database);
        lock.setAutoCommit(false);
        lock.createStatement().execute("LOCK TABLE measurements IN ACCESS EXCLUSIVE MODE");
    }

    @AfterEach
    void close() throws SQLException {
        lock.close();
        stores.close();
    }

    private Uni<Columns> page() {
        return store.readings().read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 9);
    }

    private static <T> CompletableFuture<T> ask(String caller, Supplier<Uni<T>> read) {
        return ReadCaller.call(caller, () -> read.get().subscribeAsCompletionStage());
    }

    private List<CompletableFuture<Columns>> greedyReads(int count) {
        var reads = new ArrayList<CompletableFuture<Columns>>();
        for (int i = 0; i < count; i++) {
            reads.add(ask("greedy", this::page));
        }
        return reads;
    }

    private static <T> T answer(CompletableFuture<T> read) throws Exception {
        return read.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void short_reads_and_changes_find_a_connection_while_long_reads_hang() throws Exception {
        var greedy = greedyReads(MANY);
        assertThat(answer(ask("ada", () -> store.registry().patient("ada")))).isPresent();
        await(store.registry().putPatient(Patient.provisional("bob", 0)));
        assertThat(greedy).noneMatch(CompletableFuture::isDone);
    }

    @Test
    void a_caller_with_one_read_does_not_wait_for_all_reads_of_another() throws Exception {
        var greedy = greedyReads(MANY);
        var adas = ask("ada", this::page)
                .thenApply(
                        _ -> greedy.stream().filter(CompletableFuture::isDone).count());
        lock.rollback();
        assertThat(answer(adas)).as("reads of the other that went before").isLessThan(MANY / 4);
        for (var read : greedy) {
            assertThat(answer(read).size()).isEqualTo(1);
        }
    }

    @Test
    void reads_that_are_given_up_leave_their_places() throws Exception {
        greedyReads(MANY).forEach(read -> read.cancel(false));
        lock.rollback();
        for (var read : greedyReads(MANY)) {
            assertThat(answer(read).size()).isEqualTo(1);
        }
    }

    @Test
    void a_caller_has_a_bound_of_waiting_reads_and_others_have_room() throws Exception {
        var greedy = greedyReads(2_000);
        var refused = greedy.stream()
                .filter(CompletableFuture::isCompletedExceptionally)
                .toList();
        assertThat(refused).hasSizeBetween(900, 1_000);
        assertThat(refused.getFirst())
                .failsWithin(TIMEOUT)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(PlaneException.ResourceExhausted.class);
        var adas = ask("ada", this::page);
        lock.rollback();
        assertThat(answer(adas).size()).isEqualTo(1);
    }
}
