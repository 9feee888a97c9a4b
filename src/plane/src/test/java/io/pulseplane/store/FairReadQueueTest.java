package io.pulseplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.FairReadQueue.Length;
import io.pulseplane.vitals.PlaneException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FairReadQueueTest {

    private final FairReadQueue queue = new FairReadQueue(1);
    private final List<String> done = new ArrayList<>();

    private FairReadQueue.Ticket add(String caller, Length length, String name) {
        return queue.add(caller, length, () -> done.add(name));
    }

    @Test
    void serves_callers_in_turn_however_many_reads_one_has() {
        for (int i = 0; i < 1_000; i++) {
            add("greedy", Length.LONG, "greedy");
        }
        add("ada", Length.LONG, "ada 1");
        add("ada", Length.LONG, "ada 2");
        add("bob", Length.LONG, "bob");
        queue.runWaiting();
        assertThat(done).hasSize(1_003);
        assertThat(done.subList(0, 6)).containsExactly("greedy", "ada 1", "bob", "greedy", "ada 2", "greedy");
    }

    @Test
    void serves_the_reads_of_one_caller_in_their_order() {
        for (int i = 0; i < 5; i++) {
            add("ada", Length.SHORT, "" + i);
        }
        queue.runWaiting();
        assertThat(done).containsExactly("0", "1", "2", "3", "4");
    }

    @Test
    void serves_short_reads_first_and_long_ones_all_the_same() {
        add("ada", Length.LONG, "long");
        for (int i = 0; i < 100; i++) {
            add("bob", Length.SHORT, "short");
        }
        queue.runWaiting();
        assertThat(done.indexOf("long")).isBetween(1, 20);
    }

    @Test
    void keeps_a_thread_for_short_reads() {
        queue.add("ada", Length.LONG, () -> {
            // Meanwhile, another thread finds the short read and not the second long one.
            queue.runWaiting();
            done.add("first long");
        });
        add("ada", Length.LONG, "second long");
        queue.runWaiting();
        assertThat(done).containsExactly("first long", "second long");

        done.clear();
        queue.add("ada", Length.LONG, () -> {
            add("bob", Length.SHORT, "short");
            queue.runWaiting();
            done.add("long");
        });
        queue.runWaiting();
        assertThat(done).containsExactly("short", "long");
    }

    @Test
    void does_not_run_what_was_cancelled_and_has_room_again() {
        var tickets = new ArrayList<FairReadQueue.Ticket>();
        for (int i = 0; i < FairReadQueue.MAX_WAITING_PER_CALLER; i++) {
            tickets.add(add("ada", Length.LONG, "cancelled"));
        }
        assertThatThrownBy(() -> add("ada", Length.SHORT, "too many"))
                .isInstanceOf(PlaneException.ResourceExhausted.class);
        tickets.forEach(queue::remove);
        tickets.forEach(queue::remove);
        assertThat(queue.waiting()).isZero();
        add("ada", Length.LONG, "kept");
        queue.runWaiting();
        assertThat(done).containsExactly("kept");
        assertThat(queue.waiting()).isZero();
    }

    @Test
    void leaves_room_for_others_when_one_caller_has_its_share() {
        for (int i = 0; i < FairReadQueue.MAX_WAITING_PER_CALLER; i++) {
            add("greedy", i % 2 == 0 ? Length.LONG : Length.SHORT, "greedy");
        }
        assertThatThrownBy(() -> add("greedy", Length.LONG, "")).isInstanceOf(PlaneException.ResourceExhausted.class);
        assertThatCode(() -> add("ada", Length.SHORT, "ada")).doesNotThrowAnyException();
    }

    @Test
    void goes_on_after_a_read_that_throws() throws InterruptedException {
        var failures = new ArrayList<Throwable>();
        queue.add("ada", Length.LONG, () -> {
            throw new IllegalStateException("a read may not take its slot with it");
        });
        add("bob", Length.LONG, "bob");
        var thread = Thread.ofPlatform()
                .uncaughtExceptionHandler((_, failure) -> failures.add(failure))
                .start(queue::runWaiting);
        thread.join();
        assertThat(failures).hasSize(1).allMatch(IllegalStateException.class::isInstance);
        assertThat(done).containsExactly("bob");
    }
}
