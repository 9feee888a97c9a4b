package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.AppendResult;
import io.pulseplane.vitals.ScreenedBatch;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the table of batches tells about the values of a patient. */
class ReceiptKeyTest {

    private static final ScreenedBatch ADA =
            batch(1, regularColumns(1, 10, series("ada", "d1", ReadingFixtures.HEART_RATE)));
    private static final ScreenedBatch BOB =
            batch(2, regularColumns(1, 10, series("bob", "d2", ReadingFixtures.HEART_RATE)));

    private final Vertx vertx = Vertx.vertx();
    private final PostgresServer postgres = PostgresServer.shared();
    private final String database = postgres.createDatabase();
    private final PostgresStore store =
            PostgresStore.open(vertx, postgres.settings(database), () -> 1_763_000_000_000_000L);

    @AfterEach
    void close() throws Exception {
        store.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private AppendResult append(ScreenedBatch batch) {
        return await(store.readings().append(List.of(batch))).getFirst();
    }

    private List<String> digests() {
        return postgres.queryColumn(database, "SELECT digest FROM batches ORDER BY sequence");
    }

    /** Writes the digests as earlier versions did. */
    private void unkeyDigests() {
        for (var batch : List.of(ADA, BOB)) {
            postgres.queryColumn(
                    database,
                    "UPDATE batches SET keyed = false, digest = " + batch.digest() + " WHERE sequence = "
                            + batch.sequence() + " RETURNING 1");
        }
    }

    @Test
    void digests_are_keyed_by_the_patient() {
        append(ADA);
        append(BOB);
        assertThat(digests()).doesNotContain(Long.toString(ADA.digest()), Long.toString(BOB.digest()));
        assertThat(postgres.queryColumn(database, "SELECT DISTINCT receipt_key FROM patients"))
                .hasSize(2);
        assertThat(append(ADA)).isInstanceOf(AppendResult.Repeated.class);
    }

    @Test
    void digests_of_an_earlier_version_still_count_until_a_patient_of_the_device_is_erased() {
        append(ADA);
        append(BOB);
        unkeyDigests();
        assertThat(append(ADA)).isInstanceOf(AppendResult.Repeated.class);

        await(store.registry().erasePatient("ada"));
        assertThat(digests()).doesNotContain(Long.toString(ADA.digest())).contains(Long.toString(BOB.digest()));
        assertThat(append(BOB)).isInstanceOf(AppendResult.Repeated.class);
    }
}
