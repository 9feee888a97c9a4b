package io.pulseplane.ingest;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.assignment.Assignments;
import io.pulseplane.ingest.RegistrationCheck.UnregisteredPolicy;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.Watchers;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.BatchScreener.UnknownCodePolicy;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
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

    private final LatestCache latest = new LatestCache(1 << 20);
    private final Watchers watchers = new Watchers(1_000_000);
    private Store store;
    private Ingest ingest;

    @BeforeEach
    void open() {
        store = EdgeStore.open(directory, 2, () -> NOW);
        var screener = new BatchScreener(Catalogue.standard(), UnknownCodePolicy.REFUSE, Duration.ofSeconds(5));
        ingest = new Ingest(
                screener,
                new RegistrationCheck(UnregisteredPolicy.ACCEPT, store.registry()),
                new AssignmentCheck(Assignments.any()),
                store,
                new ChangePublisher(latest, watchers, Site.SINGLE_PLANE),
                1_000_000,
                new RecordingIngestEvents(),
                () -> NOW,
                () -> false);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static Batch batch(String device, long sequence) {
        var block = new Batch.Block(HEART_RATE, "/min", times(10 * sequence, 10 * sequence + 1), new double[] {60, 61});
        return new Batch(device, "ada", sequence, List.of(block));
    }

    private Columns stored(String device, TimeRange range) {
        return await(store.readings().read(series("ada", device, HEART_RATE), range, Order.OLDEST_FIRST, 10_000));
    }

    @Test
    void acknowledged_readings_are_found_at_once() throws Exception {
        var entry = latest.entry(ADA);
        entry.complete(List.of(), 0);
        var watcher = Multi.createFrom()
                .publisher(watchers.watch(Set.of("ada"), Set.of()))
                .subscribe()
                .withSubscriber(AssertSubscriber.create(Long.MAX_VALUE));
        var devices = new AtomicInteger();
        ConcurrentTasks.runOnThreads(4, () -> {
            var device = "d" + devices.incrementAndGet();
            for (int sequence = 1; sequence <= BATCHES; sequence++) {
                await(ingest.put(batch(device, sequence)));
                assertThat(stored(device, new TimeRange(10L * sequence, 10L * sequence + 5))
                                .times())
                        .containsExactly(10L * sequence, 10L * sequence + 1);
                assertThat(entry.readings().getFirst().time()).isGreaterThanOrEqualTo(10L * sequence + 1);
            }
        });
        assertThat(entry.readings())
                .containsExactly(new Reading(series("ada", "d1", HEART_RATE), 10 * BATCHES + 1, 61));
        var watchedReadings = watcher.getItems().stream()
                .flatMap(List::stream)
                .flatMap(ReadingFixtures::readingsOf)
                .toList();
        assertThat(watchedReadings).hasSize(4 * BATCHES * 2).doesNotHaveDuplicates();
    }

    @Test
    void many_batches_at_once_are_all_acknowledged_and_survive_a_restart() {
        var answers = new ArrayList<CompletableFuture<Ingest.Outcome>>();
        for (int sequence = 1; sequence <= 500; sequence++) {
            answers.add(ingest.put(batch("d1", sequence)).subscribeAsCompletionStage());
        }
        assertThat(ingest.drain(ReadingFixtures.TIMEOUT)).isTrue();
        assertThat(answers)
                .allSatisfy(answer -> assertThat(answer.orTimeout(ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                                .join()
                                .acknowledgement()
                                .accepted())
                        .isEqualTo(2));
        store.close();
        store = EdgeStore.open(directory, 2, () -> NOW);
        assertThat(stored("d1", TimeRange.ALL).size()).isEqualTo(1_000);
    }

    @Test
    void a_repeated_batch_is_recognised_after_a_restart() {
        var first = await(ingest.put(batch("d1", 1)));
        store.close();
        open();
        var second = await(ingest.put(batch("d1", 1)));
        assertThat(second.repeated()).isTrue();
        assertThat(second.acknowledgement()).isEqualTo(first.acknowledgement());
    }
}
