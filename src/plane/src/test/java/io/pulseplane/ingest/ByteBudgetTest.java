package io.pulseplane.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ConcurrentTasks;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ByteBudgetTest {

    private final ByteBudget budget = new ByteBudget(100);

    @Test
    void reserves_bytes_that_fit_and_refuses_others() {
        assertThat(budget.tryReserve(60)).isTrue();
        assertThat(budget.tryReserve(41)).isFalse();
        assertThat(budget.usedBytes()).isEqualTo(60);
        assertThat(budget.tryReserve(40)).isTrue();
        assertThat(budget.usedBytes()).isEqualTo(100);
        assertThat(budget.tryReserve(1)).isFalse();
    }

    @Test
    void has_room_again_for_released_bytes() {
        budget.tryReserve(100);
        budget.release(30);
        assertThat(budget.tryReserve(31)).isFalse();
        assertThat(budget.tryReserve(30)).isTrue();
    }

    @Test
    void admits_a_lone_batch_that_is_larger_than_the_budget() {
        assertThat(budget.tryReserve(1_000)).isTrue();
        assertThat(budget.tryReserve(1)).isFalse();
        budget.release(1_000);
        assertThat(budget.tryReserve(1)).isTrue();
        assertThat(budget.tryReserve(1_000)).isFalse();
    }

    @Test
    void reserve_exceeds_the_bound_if_necessary() {
        budget.reserve(80);
        budget.reserve(80);
        assertThat(budget.usedBytes()).isEqualTo(160);
        budget.release(80);
        assertThat(budget.usedBytes()).isEqualTo(80);
    }

    @Nested
    class WaitingAction {

        private final List<String> run = new ArrayList<>();

        private void wait(String name, long bytes) {
            budget.runWhenAvailable(() -> {
                run.add(name);
                budget.reserve(bytes);
            });
        }

        @Test
        void runs_at_once_if_there_is_room() {
            budget.reserve(99);
            wait("a", 1);
            assertThat(run).containsExactly("a");
        }

        @Test
        void waits_until_there_is_room() {
            budget.reserve(150);
            wait("a", 1);
            budget.release(50);
            assertThat(run).isEmpty();
            budget.release(1);
            assertThat(run).containsExactly("a");
        }

        @Test
        void runs_in_order_and_only_while_there_is_room() {
            budget.reserve(100);
            wait("a", 60);
            wait("b", 60);
            wait("c", 60);
            wait("d", 60);
            assertThat(run).isEmpty();
            budget.release(100);
            assertThat(run).containsExactly("a", "b");
            budget.release(60);
            assertThat(run).containsExactly("a", "b", "c");
            budget.release(120);
            assertThat(run).containsExactly("a", "b", "c", "d");
        }

        @Test
        void runs_before_later_actions_even_during_a_release() {
            budget.reserve(100);
            budget.runWhenAvailable(() -> {
                run.add("a");
                wait("c", 10);
            });
            wait("b", 10);
            budget.release(100);
            assertThat(run).containsExactly("a", "b", "c");
        }
    }

    /** Actions from several threads all run, and in the end no bytes are reserved. */
    @Test
    void runs_every_waiting_action() throws Exception {
        int perThread = 20_000;
        var run = new AtomicInteger();
        var held = new ConcurrentLinkedQueue<Long>();
        var seeds = new AtomicLong(20261123);
        ConcurrentTasks.runOnThreads(3, () -> {
            var random = new SplittableRandom(seeds.incrementAndGet());
            for (int i = 0; i < perThread; i++) {
                long bytes = 1L + random.nextInt(60);
                budget.runWhenAvailable(() -> {
                    run.incrementAndGet();
                    budget.reserve(bytes);
                    held.add(bytes);
                });
                release(held);
            }
        });
        while (!held.isEmpty()) {
            release(held);
        }
        assertThat(run).hasValue(3 * perThread);
        assertThat(budget.usedBytes()).isZero();
    }

    private void release(ConcurrentLinkedQueue<Long> held) {
        var bytes = held.poll();
        if (bytes != null) {
            budget.release(bytes);
        }
    }
}
