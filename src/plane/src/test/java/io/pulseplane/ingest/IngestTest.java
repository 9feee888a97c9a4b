package io.pulseplane.ingest;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.assignment.Assignments;
import io.pulseplane.ingest.RegistrationCheck.UnregisteredPolicy;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.Watchers;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Site;
import io.pulseplane.store.TestSite;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.BatchScreener.UnknownCodePolicy;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.Rejection.Reason;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IngestTest {

    private static final long NOW = 1_763_000_000_000_000L;
    private static final Series HEART_RATE_OF_ADA = series("ada", "d1", HEART_RATE);

    private boolean clockMayBeBehind;
    private final MemoryStore store = new MemoryStore(() -> NOW);
    private final LatestCache latest = new LatestCache(1 << 20);
    private final Watchers watchers = new Watchers(1_000);
    private final RecordingIngestEvents events = new RecordingIngestEvents();
    private final Ingest ingest = ingest(UnregisteredPolicy.ACCEPT);
    private final AssertSubscriber<List<Columns>> watcher = Multi.createFrom()
            .publisher(watchers.watch(Set.of("ada"), Set.of()))
            .subscribe()
            .withSubscriber(AssertSubscriber.create(Long.MAX_VALUE));

    private Ingest ingest(UnregisteredPolicy policy) {
        return ingest(policy, Site.SINGLE_PLANE);
    }

    private Ingest ingest(UnregisteredPolicy policy, Site site) {
        var screener = new BatchScreener(Catalogue.standard(), UnknownCodePolicy.REFUSE, Duration.ofSeconds(5));
        return new Ingest(
                screener,
                new RegistrationCheck(policy, store),
                new AssignmentCheck(Assignments.any()),
                store,
                new ChangePublisher(latest, watchers, site),
                1_000_000,
                events,
                () -> NOW,
                () -> clockMayBeBehind);
    }

    @Test
    void takes_nothing_of_a_batch_from_the_future_while_its_clock_may_be_behind() {
        clockMayBeBehind = true;
        var batch = batch(1, heartRate(times(10, NOW + 5_000_001), 60, 61));
        assertThatThrownBy(() -> await(ingest.put(batch)))
                .isInstanceOf(PlaneException.Unavailable.class)
                .hasMessageContaining("send it again later");
        assertThat(watched()).isEmpty();
        assertThat(await(ingest.put(batch(2, heartRate(times(10), 60))))
                        .acknowledgement()
                        .accepted())
                .as("another batch")
                .isEqualTo(1);
        clockMayBeBehind = false;
        assertThat(await(ingest.put(batch)).repeated()).isFalse();
    }

    /** The plane that stored the batch first may have stopped before it announced it. */
    @Test
    void announces_a_repeated_batch_to_the_other_planes() {
        var site = new TestSite();
        var sent = columns(HEART_RATE_OF_ADA, times(10, 20), 60, 61);
        var batch = batch(7, heartRate(sent.times(), sent.values()));
        await(ingest.put(batch));
        var secondIngest = ingest(UnregisteredPolicy.ACCEPT, site);
        assertThat(await(secondIngest.put(batch)).repeated()).isTrue();
        assertThat(site.stored()).containsExactly(sent);
    }

    @Test
    void does_not_announce_a_repeated_batch_whose_readings_were_rejected_as_conflicts() {
        var site = new TestSite();
        await(ingest.put(batch(1, heartRate(times(10), 60))));
        var conflicting = batch(2, heartRate(times(10), 61));
        await(ingest.put(conflicting));
        await(ingest(UnregisteredPolicy.ACCEPT, site).put(conflicting));
        assertThat(site.stored()).isEmpty();
    }

    @BeforeEach
    void cache_latest_values_of_the_patient() {
        latest.entry(ADA).complete(List.of(), 0);
    }

    private static Batch batch(long sequence, Batch.Block... blocks) {
        return new Batch("d1", "ada", sequence, List.of(blocks));
    }

    private static Batch.Block heartRate(long[] times, double... values) {
        return new Batch.Block(HEART_RATE, "/min", times, values);
    }

    private Columns stored(Series series) {
        return await(store.read(series, TimeRange.ALL, Order.OLDEST_FIRST, 1_000));
    }

    private List<Columns> watched() {
        return watcher.getItems().stream().flatMap(List::stream).toList();
    }

    @Test
    void acknowledges_a_batch_after_it_is_stored_and_published() {
        var latestAtAnswer = new AtomicReference<List<Reading>>();
        var watchedAtAnswer = new AtomicReference<List<Columns>>();
        var outcome =
                await(ingest.put(batch(7, heartRate(times(10, 20), 60, 61))).invoke(() -> {
                    latestAtAnswer.set(latest.entry(ADA).readings());
                    watchedAtAnswer.set(watched());
                }));
        var sent = columns(HEART_RATE_OF_ADA, times(10, 20), 60, 61);
        assertThat(outcome.repeated()).isFalse();
        assertThat(outcome.acknowledgement().device()).isEqualTo("d1");
        assertThat(outcome.acknowledgement().sequence()).isEqualTo(7);
        assertThat(outcome.acknowledgement().accepted()).isEqualTo(2);
        assertThat(stored(HEART_RATE_OF_ADA)).isEqualTo(sent);
        assertThat(latestAtAnswer.get()).containsExactly(new Reading(HEART_RATE_OF_ADA, 20, 61));
        assertThat(watchedAtAnswer.get()).containsExactly(sent);
        assertThat(events.entries()).containsExactly("committed 1", "stored 7");
    }

    @Test
    void stores_and_publishes_the_other_readings_of_a_batch_with_rejections() {
        var acknowledgement = await(ingest.put(batch(1, heartRate(times(10, 20, 30, NOW + 5_000_001), 60, 0, 62, 63))))
                .acknowledgement();
        assertThat(acknowledgement.accepted()).isEqualTo(2);
        assertThat(acknowledgement.rejections())
                .containsExactly(
                        new Rejection(HEART_RATE, Reason.IMPLAUSIBLE, new int[] {1}),
                        new Rejection(HEART_RATE, Reason.IN_THE_FUTURE, new int[] {3}));
        var accepted = columns(HEART_RATE_OF_ADA, times(10, 30), 60, 62);
        assertThat(stored(HEART_RATE_OF_ADA)).isEqualTo(accepted);
        assertThat(watched()).containsExactly(accepted);
        assertThat(latest.entry(ADA).readings()).containsExactly(new Reading(HEART_RATE_OF_ADA, 30, 62));
    }

    @Test
    void acknowledges_a_batch_without_valid_readings() {
        var outcome = await(ingest.put(batch(1, heartRate(times(10), Double.NaN))));
        assertThat(outcome.acknowledgement().accepted()).isZero();
        assertThat(outcome.acknowledgement().rejected()).isEqualTo(1);
        assertThat(watched()).isEmpty();
        assertThat(await(ingest.put(batch(1, heartRate(times(10), Double.NaN)))).repeated())
                .isTrue();
    }

    @Test
    void answers_a_repeated_batch_as_the_first_time_and_does_not_publish_it_again() {
        var batch = batch(1, heartRate(times(10, 20, 30), 60, 0, 62));
        var first = await(ingest.put(batch));
        var second = await(ingest.put(batch));
        assertThat(second.repeated()).isTrue();
        assertThat(second.acknowledgement()).isEqualTo(first.acknowledgement());
        assertThat(watched()).hasSize(1);
        assertThat(events.entries()).containsExactly("committed 1", "stored 1", "committed 1", "repeated 3 readings");
    }

    @Test
    void publishes_a_reading_of_two_batches_once() {
        await(ingest.put(batch(1, heartRate(times(10, 20), 60, 61))));
        var outcome = await(ingest.put(batch(2, heartRate(times(10, 15, 20), 60, 66, 99))));
        assertThat(outcome.acknowledgement().accepted()).isEqualTo(1);
        assertThat(outcome.acknowledgement().duplicates()).isEqualTo(1);
        assertThat(outcome.acknowledgement().rejections())
                .containsExactly(new Rejection(HEART_RATE, Reason.CONFLICTING_VALUE, new int[] {2}));
        assertThat(watched())
                .containsExactly(
                        columns(HEART_RATE_OF_ADA, times(10, 20), 60, 61), columns(HEART_RATE_OF_ADA, times(15), 66));
        assertThat(latest.entry(ADA).readings()).containsExactly(new Reading(HEART_RATE_OF_ADA, 20, 61));
    }

    @Test
    void refuses_another_batch_of_a_sequence_that_was_used() {
        await(ingest.put(batch(-1, heartRate(times(10), 60))));
        assertThatThrownBy(() -> await(ingest.put(batch(-1, heartRate(times(11), 60)))))
                .isInstanceOf(PlaneException.AlreadyExists.class)
                .hasMessageContaining("sequence 18446744073709551615 ");
        assertThat(stored(HEART_RATE_OF_ADA).times()).containsExactly(10);
        assertThat(watched()).hasSize(1);
    }

    @Test
    void publishes_every_code_of_a_batch() {
        await(ingest.put(batch(
                1, heartRate(times(10), 60), new Batch.Block(RESPIRATORY_RATE, "/min", times(11), new double[] {14}))));
        var respiration = columns(series("ada", "d1", RESPIRATORY_RATE), times(11), 14);
        assertThat(watched()).containsExactly(columns(HEART_RATE_OF_ADA, times(10), 60), respiration);
        assertThat(latest.entry(ADA).readings())
                .containsExactly(new Reading(HEART_RATE_OF_ADA, 10, 60), new Reading(respiration.series(), 11, 14));
    }

    @Test
    void stores_nothing_of_unregistered_subjects_if_registration_is_required() {
        var strict = ingest(UnregisteredPolicy.REFUSE);
        assertThatThrownBy(() -> await(strict.put(batch(1, heartRate(times(10), 60)))))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        assertThat(stored(HEART_RATE_OF_ADA).isEmpty()).isTrue();
        assertThat(watched()).isEmpty();

        await(store.putDevice(Device.provisional("d1", NOW)));
        await(store.putPatient(Patient.provisional("ada", NOW)));
        assertThat(await(strict.put(batch(1, heartRate(times(10), 60)))).repeated())
                .isFalse();
        assertThat(watched()).hasSize(1);
    }

    @Test
    void fails_with_the_failure_of_the_store() {
        store.close();
        assertThatThrownBy(() -> await(ingest.put(batch(1, heartRate(times(10), 60)))))
                .isInstanceOf(PlaneException.Unavailable.class)
                .hasMessage("the store is closed");
        assertThat(events.entries()).containsExactly("refused");
        assertThat(latest.entry(ADA).readings()).isEmpty();
    }

    @Test
    void refuses_batches_after_it_is_drained() {
        await(ingest.put(batch(1, heartRate(times(10), 60))));
        assertThat(ingest.drain(ReadingFixtures.TIMEOUT)).isTrue();
        assertThatThrownBy(() -> await(ingest.put(batch(2, heartRate(times(20), 60)))))
                .isInstanceOf(PlaneException.Unavailable.class);
        assertThat(stored(HEART_RATE_OF_ADA).times()).containsExactly(10);
    }

    @Test
    void does_not_reserve_from_the_budget_itself() {
        await(ingest.put(batch(1, heartRate(times(10), 60))));
        assertThat(ingest.budget().usedBytes()).isZero();
    }
}
