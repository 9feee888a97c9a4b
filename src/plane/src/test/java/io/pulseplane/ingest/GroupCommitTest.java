package io.pulseplane.ingest;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.AppendResult;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class GroupCommitTest {

    private final ManuallySyncedStore store = new ManuallySyncedStore();
    private final RecordingIngestEvents events = new RecordingIngestEvents();
    private final List<Long> published = new CopyOnWriteArrayList<>();
    private Consumer<AppendResult> onPublish = result -> published.add(sequenceOf(result));
    private final GroupCommit commits = new GroupCommit(store, (_, result) -> onPublish.accept(result), events);

    private static long sequenceOf(AppendResult result) {
        return switch (result) {
            case AppendResult.Stored(var acknowledgement, var _) -> acknowledgement.sequence();
            case AppendResult.Repeated(var acknowledgement) -> acknowledgement.sequence();
            case AppendResult.Spooled(var acknowledgement, var _, var _) -> acknowledgement.sequence();
            case AppendResult.SequenceConflict(), AppendResult.PatientErased(), AppendResult.PatientUnreadable() -> -1;
        };
    }

    private static ScreenedBatch batch(long sequence, int size) {
        return ReadingFixtures.batch(sequence, regularColumns(1, size, series("ada", "d" + sequence, HEART_RATE)));
    }

    private CompletableFuture<AppendResult> submit(long sequence) {
        return submit(sequence, 1);
    }

    private CompletableFuture<AppendResult> submit(long sequence, int size) {
        return commits.submit(batch(sequence, size)).subscribeAsCompletionStage();
    }

    private List<CompletableFuture<AppendResult>> submitAll(long from, long to) {
        return LongStream.rangeClosed(from, to).mapToObj(this::submit).toList();
    }

    private static long acknowledged(CompletableFuture<AppendResult> answer) {
        return sequenceOf(
                answer.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).join());
    }

    private static List<Long> acknowledged(Collection<CompletableFuture<AppendResult>> answers) {
        return answers.stream().map(GroupCommitTest::acknowledged).toList();
    }

    private static List<Long> range(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    @Nested
    class Groups {

        @Test
        void an_idle_disk_gets_a_batch_at_once() {
            var first = submit(1);
            assertThat(store.groups()).containsExactly(List.of(1L));
            assertThat(first).isNotDone();
            store.sync();
            assertThat(acknowledged(first)).isEqualTo(1);

            var _ = submit(2);
            assertThat(store.groups()).containsExactly(List.of(1L), List.of(2L));
        }

        @Test
        void batches_that_arrive_while_the_disk_is_busy_share_one_append() {
            var answers = submitAll(1, 6);
            assertThat(store.groups()).containsExactly(List.of(1L));
            store.sync();
            assertThat(store.groups()).containsExactly(List.of(1L), range(2, 6));
            store.sync();
            assertThat(acknowledged(answers)).isEqualTo(range(1, 6));
            assertThat(events.entries()).containsExactly("committed 1", "committed 5");
        }

        @Test
        void nothing_is_submitted_before_the_subscription() {
            var idle = commits.submit(batch(1, 1));
            assertThat(store.groups()).isEmpty();
            idle.subscribe().with(_ -> {});
            assertThat(store.groups()).hasSize(1);
        }

        @Test
        void have_a_maximum_number_of_batches() {
            int max = GroupCommit.MAX_GROUP_BATCHES;
            var answers = submitAll(1, max + 4);
            store.sync();
            store.sync();
            store.sync();
            assertThat(acknowledged(answers)).isEqualTo(range(1, max + 4));
            assertThat(store.groups()).containsExactly(List.of(1L), range(2, max + 1), range(max + 2, max + 4));
        }

        @Test
        void have_a_maximum_number_of_readings() {
            int half = GroupCommit.MAX_GROUP_READINGS / 2;
            var answers = List.of(submit(1), submit(2, half), submit(3, half), submit(4, half), submit(5, half + 1));
            for (int i = 0; i < 4; i++) {
                store.sync();
            }
            assertThat(acknowledged(answers)).isEqualTo(range(1, 5));
            assertThat(store.groups()).containsExactly(List.of(1L), List.of(2L, 3L), List.of(4L), List.of(5L));
        }

        @Test
        void have_a_single_batch_if_it_is_larger_than_the_maximum() {
            var answers = List.of(submit(1), submit(2, GroupCommit.MAX_GROUP_READINGS + 1), submit(3));
            for (int i = 0; i < 3; i++) {
                store.sync();
            }
            assertThat(acknowledged(answers)).isEqualTo(range(1, 3));
            assertThat(store.groups()).containsExactly(List.of(1L), List.of(2L), List.of(3L));
        }
    }

    @Nested
    class Answers {

        @Test
        void come_in_the_order_of_submitting() {
            var order = Collections.synchronizedList(new ArrayList<Long>());
            var answers = submitAll(1, 50).stream()
                    .map(answer -> answer.thenApply(result -> {
                        order.add(sequenceOf(result));
                        return result;
                    }))
                    .toList();
            store.sync();
            var later = submit(51).thenApply(result -> {
                order.add(sequenceOf(result));
                return result;
            });
            store.sync();
            store.sync();
            acknowledged(answers);
            acknowledged(later);
            assertThat(order).isEqualTo(range(1, 51));
        }

        @Test
        void come_after_the_readings_are_published() {
            var publishedWhenAnswered = new CopyOnWriteArrayList<List<Long>>();
            var answers = submitAll(1, 3).stream()
                    .map(answer -> answer.thenApply(result -> {
                        publishedWhenAnswered.add(List.copyOf(published));
                        return result;
                    }))
                    .toList();
            store.sync();
            store.sync();
            acknowledged(answers);
            assertThat(publishedWhenAnswered).containsExactly(List.of(1L), List.of(1L, 2L), List.of(1L, 2L, 3L));
        }

        @Test
        void are_sent_while_the_disk_handles_the_next_group() throws Exception {
            var publishing = new CountDownLatch(1);
            var resumed = new CountDownLatch(1);
            onPublish = _ -> {
                publishing.countDown();
                awaitQuietly(resumed);
            };
            var first = submit(1);
            var second = submit(2);
            store.sync();
            awaitQuietly(publishing);
            assertThat(store.groups()).containsExactly(List.of(1L), List.of(2L));
            assertThat(first).isNotDone();
            resumed.countDown();
            store.sync();
            assertThat(acknowledged(List.of(first, second))).containsExactly(1L, 2L);
        }

        @Test
        void reach_the_others_if_one_subscription_is_cancelled() {
            var _ = submit(1);
            var cancelled = commits.submit(batch(2, 1)).subscribe().with(_ -> {});
            var third = submit(3);
            cancelled.cancel();
            store.sync();
            store.sync();
            assertThat(acknowledged(third)).isEqualTo(3);
            assertThat(store.groups()).containsExactly(List.of(1L), List.of(2L, 3L));
        }
    }

    @Nested
    class Failures {

        private final PlaneException.ResourceExhausted full =
                new PlaneException.ResourceExhausted("the disk is full", Duration.ofSeconds(10));

        @Test
        void fail_only_their_group() {
            var first = submit(1);
            var second = submitAll(2, 4);
            store.sync();
            var third = submitAll(5, 6);
            store.fail(full);
            store.sync();
            assertThat(acknowledged(first)).isEqualTo(1);
            assertThat(acknowledged(third)).isEqualTo(range(5, 6));
            assertThat(second)
                    .allSatisfy(answer -> assertThat(answer)
                            .failsWithin(TIMEOUT)
                            .withThrowableThat()
                            .withCause(full));
            assertThat(events.entries()).containsExactly("committed 1", "committed 2");
        }

        @Test
        void publish_nothing() {
            var answers = submitAll(1, 2);
            store.fail(full);
            store.sync();
            assertThat(acknowledged(answers.get(1))).isEqualTo(2);
            assertThat(published).containsExactly(2L);
        }

        @Test
        void leave_the_queue_ready_for_the_next_batch() {
            var failed = submit(1);
            store.fail(full);
            assertThat(failed).failsWithin(TIMEOUT);
            var second = submit(1);
            store.sync();
            assertThat(acknowledged(second)).isEqualTo(1);
        }
    }

    @Nested
    class Draining {

        @Test
        void returns_at_once_without_pending_batches() {
            assertThat(commits.drain(Duration.ZERO)).isTrue();
        }

        @Test
        void returns_whether_all_pending_batches_were_answered() {
            var answers = submitAll(1, 5);
            assertThat(commits.drain(Duration.ZERO)).isFalse();
            store.sync();
            store.sync();
            assertThat(commits.drain(TIMEOUT)).isTrue();
            assertThat(answers).allMatch(CompletableFuture::isDone);
            assertThat(acknowledged(answers)).isEqualTo(range(1, 5));
        }

        @Test
        void ends_with_the_last_answer_and_not_with_the_timeout() throws Exception {
            var answers = submitAll(1, 3);
            var drained = new AtomicInteger();
            ConcurrentTasks.run(
                    () -> {
                        if (commits.drain(Duration.ofDays(1))) {
                            drained.incrementAndGet();
                        }
                    },
                    () -> {
                        store.sync();
                        store.fail(new PlaneException.Unavailable("the disk is gone", null));
                    });
            assertThat(drained).hasValue(1);
            assertThat(answers).allMatch(CompletableFuture::isDone);
        }

        @Test
        void refuses_later_batches() {
            var pending = submit(1);
            commits.drain(Duration.ZERO);
            assertThatThrownBy(() -> ReadingFixtures.await(commits.submit(batch(2, 1))))
                    .isInstanceOf(PlaneException.Unavailable.class)
                    .hasMessage("the plane is stopping");
            store.sync();
            assertThat(acknowledged(pending)).isEqualTo(1);
            assertThat(store.groups()).containsExactly(List.of(1L));
        }

        @Test
        void ends_on_an_interrupt_and_keeps_the_interrupt_status() {
            var _ = submit(1);
            Thread.currentThread().interrupt();
            assertThat(commits.drain(Duration.ofDays(1))).isFalse();
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    /** Each batch is stored once, answered with its own result, and published once, in the order of storing. */
    @Test
    void answers_every_batch_of_several_threads() throws Exception {
        int perThread = 3_000;
        var answers = new ConcurrentLinkedQueue<CompletableFuture<Void>>();
        var sequence = new AtomicLong();
        var submitting = new AtomicInteger(3);
        ConcurrentTasks.Task submitter = () -> {
            try {
                for (int i = 0; i < perThread; i++) {
                    long own = sequence.incrementAndGet();
                    answers.add(submit(own)
                            .thenAccept(result -> assertThat(sequenceOf(result)).isEqualTo(own)));
                }
            } finally {
                submitting.decrementAndGet();
            }
        };
        ConcurrentTasks.run(submitter, submitter, submitter, () -> {
            while (store.sync() || submitting.get() > 0) {
                Thread.onSpinWait();
            }
        });
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .join();
        var stored = store.groups().stream().flatMap(List::stream).toList();
        assertThat(stored.stream().sorted().toList()).isEqualTo(range(1, 3L * perThread));
        assertThat(published).isEqualTo(stored);
        assertThat(commits.drain(TIMEOUT)).isTrue();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
