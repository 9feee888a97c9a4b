package io.pulseplane.ingest;

import static io.pulseplane.Readings.ADA;
import static io.pulseplane.Readings.PULSE;
import static io.pulseplane.Readings.await;
import static io.pulseplane.Readings.series;
import static io.pulseplane.Readings.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.Readings;
import io.pulseplane.Together;
import io.pulseplane.ingest.Registration.Policy;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestValues;
import io.pulseplane.live.Watchers;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Screening;
import io.pulseplane.vitals.Screening.UnknownCodes;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IngestOnDiskTest {

    private static final long NOW = 1_763_000_000_000_000L;
    private static final int BATCHES = 60;

    @TempDir
    Path directory;

    private final LatestValues latest = new LatestValues(1 << 20);
    private final Watchers watchers = new Watchers(1_000_000);
    private Store store;
    private Ingest ingest;

    @BeforeEach
    void open() {
        store = EdgeStore.open(directory, 2, () -> NOW);
        var screening = new Screening(Catalogue.standard(), UnknownCodes.REFUSE, Duration.ofSeconds(5));
        ingest = new Ingest(
                screening,
                new Registration(Policy.ACCEPT, store.registry()),
                store,
                new ChangePublisher(latest, watchers, Site.OF_ONE),
                1_000_000,
                new Ledger(),
                () -> NOW);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static Batch batch(String device, long sequence) {
        var block = new Batch.Block(PULSE, "/min", times(10 * sequence, 10 * sequence + 1), new double[] {60, 61});
        return new Batch(device, "ada", sequence, List.of(block));
    }

    private Columns stored(String device, TimeRange range) {
        return await(store.readings().read(series("ada", device, PULSE), range, Order.OLDEST_FIRST, 10_000));
    }

    @Test
    void whoever_has_an_acknowledgement_finds_what_was_acknowledged() throws Exception {
        var entry = latest.of(ADA);
        entry.complete(List.of());
        var watcher = Multi.createFrom()
                .publisher(watchers.watch(Set.of("ada"), Set.of()))
                .subscribe()
                .withSubscriber(AssertSubscriber.create(Long.MAX_VALUE));
        var devices = new AtomicInteger();
        Together.times(4, () -> {
            var device = "d" + devices.incrementAndGet();
            for (int sequence = 1; sequence <= BATCHES; sequence++) {
                await(ingest.put(batch(device, sequence)));
                assertThat(stored(device, new TimeRange(10L * sequence, 10L * sequence + 5))
                                .times())
                        .containsExactly(10L * sequence, 10L * sequence + 1);
                assertThat(entry.readings().getFirst().time()).isGreaterThanOrEqualTo(10L * sequence + 1);
            }
        });
        assertThat(entry.readings()).containsExactly(new Reading(series("ada", "d1", PULSE), 10 * BATCHES + 1, 61));
        var heard = watcher.getItems().stream()
                .flatMap(List::stream)
                .flatMap(Readings::each)
                .toList();
        assertThat(heard).hasSize(4 * BATCHES * 2).doesNotHaveDuplicates();
    }

    @Test
    void what_arrives_at_once_is_all_acknowledged_and_outlives_the_plane() {
        var answers = new ArrayList<CompletableFuture<Ingest.Outcome>>();
        for (int sequence = 1; sequence <= 500; sequence++) {
            answers.add(ingest.put(batch("d1", sequence)).subscribeAsCompletionStage());
        }
        assertThat(ingest.drain(Readings.PATIENCE)).isTrue();
        assertThat(answers)
                .allSatisfy(answer -> assertThat(answer.orTimeout(Readings.PATIENCE.toSeconds(), TimeUnit.SECONDS)
                                .join()
                                .acknowledgement()
                                .accepted())
                        .isEqualTo(2));
        store.close();
        store = EdgeStore.open(directory, 2, () -> NOW);
        assertThat(stored("d1", TimeRange.ALL).size()).isEqualTo(1_000);
    }

    @Test
    void a_batch_is_recognised_by_the_next_plane() {
        var first = await(ingest.put(batch("d1", 1)));
        store.close();
        open();
        var second = await(ingest.put(batch("d1", 1)));
        assertThat(second.repeated()).isTrue();
        assertThat(second.acknowledgement()).isEqualTo(first.acknowledgement());
    }
}
