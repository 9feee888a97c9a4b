package io.pulseplane.query;

import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.columns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.query.AnswerBudget.Account;
import io.pulseplane.query.SeriesGroup.Grouping;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.util.ArrayList;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class AnswerBudgetTest {

    private static final long MIB = 1 << 20;

    private final AnswerBudget budget = new AnswerBudget(4 * MIB);

    @Test
    void one_subject_has_a_quarter_and_the_others_have_theirs() {
        var greedy = budget.open("greedy");
        assertThatThrownBy(() -> greedy.hold(MIB))
                .isInstanceOfSatisfying(
                        PlaneException.ResourceExhausted.class,
                        refusal -> assertThat(refusal.retryAfter()).isPositive());
        greedy.hold(MIB - AnswerBudget.BASE_BYTES);
        assertThatThrownBy(() -> budget.open("greedy")).isInstanceOf(PlaneException.ResourceExhausted.class);
        assertThatCode(() -> budget.open("modest").hold(MIB / 2)).doesNotThrowAnyException();
    }

    @Test
    void all_subjects_together_have_no_more_than_the_whole() {
        for (var subject : new String[] {"a", "b", "c", "d"}) {
            budget.open(subject).hold(MIB - AnswerBudget.BASE_BYTES);
        }
        assertThat(budget.usedBytes()).isEqualTo(4 * MIB);
        assertThatThrownBy(() -> budget.open("e")).isInstanceOf(PlaneException.ResourceExhausted.class);
    }

    @Test
    void the_end_of_an_answer_releases_everything_once_and_later_work_of_it_counts_no_more() {
        var account = budget.open("somebody");
        account.hold(MIB / 2);
        account.release(MIB / 4);
        account.close();
        account.close();
        account.release(MIB / 4);
        account.hold(MIB / 4);
        assertThat(budget.usedBytes()).isZero();
        assertThatCode(() -> budget.open("somebody").hold(MIB / 2)).doesNotThrowAnyException();
    }

    /** Each answer of a real query has released all that it read when it is complete, but for its base. */
    @Test
    void a_queue_is_covered_in_steps_and_given_back() {
        var budget = new AnswerBudget(4 << 20);
        try (var account = budget.open("ada")) {
            for (long bytes = 0; bytes < 900_000; bytes += 777) {
                account.coverQueue(bytes);
                assertThat(budget.usedBytes() - AnswerBudget.BASE_BYTES)
                        .isBetween(bytes, bytes + AnswerBudget.QUEUE_STEP_BYTES);
            }
            long before = budget.usedBytes();
            assertThatThrownBy(() -> account.coverQueue(2 << 20)).isInstanceOf(PlaneException.ResourceExhausted.class);
            assertThat(budget.usedBytes()).isEqualTo(before);
            assertThatCode(() -> account.shrinkQueue(2 << 20)).doesNotThrowAnyException();
            assertThat(budget.usedBytes()).isEqualTo(before);
            for (long bytes = 900_000; bytes >= 0; bytes -= 777) {
                account.shrinkQueue(bytes);
                assertThat(budget.usedBytes() - AnswerBudget.BASE_BYTES)
                        .isBetween(bytes, bytes + 3 * AnswerBudget.QUEUE_STEP_BYTES);
            }
        }
        assertThat(budget.usedBytes()).isZero();
    }

    @Nested
    class queries {

        private static final Series SERIES = new Series("ada", "monitor-1", "8867-4", "/min");
        private static final SeriesSelector ADA = new SeriesSelector(new Subject.OfPatient("ada"), Set.of());
        private static final int SIZE = 60_000;
        private static final double[] MEDIAN = {0.5};

        private final MemoryStore store = new MemoryStore(() -> 0);
        private final AnswerBudget ample = new AnswerBudget(1 << 30);
        private final Account account = ample.open("somebody");

        queries() {
            appendAll(
                    store,
                    columns(
                            SERIES,
                            LongStream.range(0, SIZE).map(i -> i * 1_000_000).toArray(),
                            IntStream.range(0, SIZE)
                                    .mapToDouble(i -> 40 + i % 997 / 10.0)
                                    .toArray()));
        }

        private AggregateQuery.WindowParameters windows(double[] quantiles, boolean fillEmpty) {
            return new AggregateQuery.WindowParameters(
                    ADA,
                    new TimeRange(0, 2L * SIZE * 1_000_000),
                    FixedWindows.startingAtEpoch(1_000_000),
                    quantiles,
                    fillEmpty,
                    Grouping.BY_CODE,
                    false);
        }

        private RangeQuery.Parameters range() {
            return new RangeQuery.Parameters(ADA, TimeRange.ALL, Order.OLDEST_FIRST);
        }

        @Test
        void hold_what_they_have_read_while_the_caller_takes_nothing() {
            var subscriber = new RangeQuery(store)
                    .execute(range(), "", Long.MAX_VALUE, account)
                    .subscribe()
                    .withSubscriber(AssertSubscriber.create(1));
            subscriber.awaitItems(1);
            // The page that was handed on and the next one, which was read ahead.
            assertThat(ample.usedBytes()).isGreaterThan(2 * 16L * 16_384);
            subscriber.request(Long.MAX_VALUE).awaitCompletion();
            assertThat(ample.usedBytes()).isLessThan(2 * 16L * 16_384);
        }

        @Test
        void hold_their_windows_until_those_are_handed_on() {
            for (var parameters : new AggregateQuery.WindowParameters[] {
                windows(MEDIAN, false),
                windows(MEDIAN, true),
                windows(new double[0], false),
                windows(new double[0], true)
            }) {
                var own = ample.open("somebody");
                long before = ample.usedBytes();
                var subscriber = new AggregateQuery(store, Catalogue.none())
                        .windows(parameters, own)
                        .subscribe()
                        .withSubscriber(AssertSubscriber.create(1));
                subscriber.awaitItems(1);
                assertThat(ample.usedBytes() - before).isGreaterThan(1_000_000);
                subscriber.request(Long.MAX_VALUE).awaitCompletion();
                // The last result, the last pages and the empty statistics are held until the answer ends.
                assertThat(ample.usedBytes() - before).isBetween(0L, 4_000_000L);
                own.close();
                assertThat(ample.usedBytes()).isEqualTo(before - AnswerBudget.BASE_BYTES);
            }
        }

        @Test
        void are_refused_beyond_the_budget_whatever_takes_the_memory() {
            var small = new AnswerBudget((4 * 256) << 10);
            var refused = new ArrayList<Throwable>();
            for (var parameters :
                    new AggregateQuery.WindowParameters[] {windows(MEDIAN, false), windows(new double[0], true)}) {
                try (var own = small.open("somebody")) {
                    await(new AggregateQuery(store, Catalogue.none())
                            .windows(parameters, own)
                            .collect()
                            .asList());
                } catch (PlaneException.ResourceExhausted e) {
                    refused.add(e);
                }
            }
            try (var own = small.open("somebody")) {
                await(new RangeQuery(store)
                        .execute(range(), "", Long.MAX_VALUE, own)
                        .collect()
                        .asList());
            } catch (PlaneException.ResourceExhausted e) {
                refused.add(e);
            }
            assertThat(refused).hasSize(3);
            assertThat(small.usedBytes()).isZero();
        }
    }
}
