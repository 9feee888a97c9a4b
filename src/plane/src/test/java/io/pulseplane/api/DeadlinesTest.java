package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Context;
import io.grpc.Deadline;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class DeadlinesTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Deadlines deadlines = new Deadlines(Duration.ofMillis(20), Duration.ofMillis(200));

    /** Takes longer than the usual deadline, and less than the longest. */
    private final Uni<String> answer =
            Uni.createFrom().item("answer").onItem().delayIt().by(Duration.ofMillis(100));

    private final AtomicBoolean stopped = new AtomicBoolean();

    private final Uni<String> noAnswer =
            Uni.createFrom().<String>nothing().onCancellation().invoke(() -> stopped.set(true));

    private static <T> T calledWithin(Duration deadline, Supplier<Uni<T>> call) {
        try (var timer = Executors.newSingleThreadScheduledExecutor()) {
            var context =
                    Context.current().withDeadline(Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS), timer);
            try {
                return context.call(call::get).await().atMost(TIMEOUT);
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new AssertionError(e);
            } finally {
                context.cancel(null);
            }
        }
    }

    @Test
    void a_call_without_a_deadline_gets_the_usual_one_and_hears_how_to_ask_for_more() {
        assertThatThrownBy(() -> deadlines.limit(noAnswer).await().atMost(TIMEOUT))
                .isInstanceOf(PlaneException.DeadlineExceeded.class)
                .hasMessage("the plane's deadline of 20 ms for calls without one of their own passed; a call may set "
                        + "one of up to 200 ms");
        assertThat(stopped).as("the work is stopped").isTrue();
    }

    @Test
    void a_call_with_a_later_deadline_of_its_own_is_answered_after_the_usual_one() {
        assertThat(calledWithin(
                        Duration.ofMinutes(1), () -> new Deadlines(Duration.ofMillis(20), TIMEOUT).limit(answer)))
                .isEqualTo("answer");
    }

    @Test
    void a_call_with_a_deadline_beyond_the_longest_hears_that_it_was_the_planes() {
        assertThatThrownBy(() -> calledWithin(Duration.ofMinutes(1), () -> deadlines.limit(noAnswer)))
                .isInstanceOf(PlaneException.DeadlineExceeded.class)
                .hasMessage("the plane's longest deadline of 200 ms passed; ask for less");
    }

    @Test
    void a_call_hears_that_its_own_deadline_passed() {
        for (var own : new Duration[] {Duration.ZERO, Duration.ofMillis(5)}) {
            assertThatThrownBy(() -> calledWithin(own, () -> deadlines.limit(noAnswer)))
                    .isInstanceOf(PlaneException.DeadlineExceeded.class)
                    .hasMessage("the deadline of the call passed before the answer was complete");
        }
    }

    @Test
    void an_answer_on_a_stream_gets_the_usual_deadline_however_long_the_stream_may_last() {
        assertThatThrownBy(() -> calledWithin(Duration.ofMinutes(1), () -> deadlines.limitOnStream(noAnswer)))
                .isInstanceOf(PlaneException.DeadlineExceeded.class)
                .hasMessageContaining("the plane's deadline of 20 ms");
    }

    @Test
    void the_longest_deadline_is_at_least_the_usual_one() {
        assertThat(new Deadlines(Duration.ofMinutes(2), Duration.ofSeconds(1)).longest())
                .isEqualTo(Duration.ofMinutes(2));
    }
}
