package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.Site;
import io.pulseplane.store.TestSite;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RegistryCacheTest {

    private static final long MAX_BYTES = 100_000;

    private final List<UniEmitter<? super Optional<String>>> questions = new ArrayList<>();
    private final RegistryCache<String> remembered = new RegistryCache<>(
            MAX_BYTES, String::length, Site.SINGLE_PLANE, _ -> Uni.createFrom().emitter(questions::add));

    @Test
    void asks_once_however_many_want_to_know() {
        var answers = IntStream.range(0, 100)
                .mapToObj(_ -> remembered.load("ada").toCompletableFuture())
                .toList();
        assertThat(questions).hasSize(1);
        questions.getFirst().complete(Optional.of("yes"));
        assertThat(answers).allSatisfy(answer -> assertThat(answer).isCompletedWithValue(Optional.of("yes")));
        assertThat(remembered.cached("ada")).contains("yes");
    }

    @Test
    void remembers_no_more_than_fits() {
        var large = "x".repeat(1_000);
        IntStream.range(0, 1_000).forEach(i -> {
            remembered.load("p" + i);
            questions.getLast().complete(Optional.of(large));
        });
        assertThat(IntStream.range(0, 1_000).filter(i -> remembered.cached("p" + i) != null))
                .hasSizeBetween(1, 100);
    }

    @Test
    void asks_again_for_whoever_asks_after_a_change() {
        var before = remembered.load("ada").toCompletableFuture();
        remembered.update("ada");
        var after = remembered.load("ada").toCompletableFuture();
        assertThat(questions).hasSize(2);
        questions.get(1).complete(Optional.of("no"));
        assertThat(after).isCompletedWithValue(Optional.of("no"));
        questions.get(0).complete(Optional.of("yes"));
        assertThat(before)
                .as("what was read before the change is not believed")
                .isCompletedWithValue(Optional.of("no"));
    }

    @Test
    void asks_again_after_the_registry_failed() {
        var failed = remembered.load("ada").toCompletableFuture();
        questions.getFirst().fail(new PlaneException.Unavailable("gone", null));
        assertThat(failed).isCompletedExceptionally();
        remembered.load("ada");
        assertThat(questions).hasSize(2);
    }

    @Test
    void gives_what_was_known_last_to_those_who_can_do_with_that_while_the_registry_is_gone() {
        var old = new RegistryCache<String>(
                MAX_BYTES,
                String::length,
                TestSite.whereNothingHolds(),
                _ -> Uni.createFrom().emitter(questions::add));
        old.load("ada");
        questions.getFirst().complete(Optional.of("yes"));
        var answer = old.loadOrLastKnown("ada").toCompletableFuture();
        var strict = old.load("ada").toCompletableFuture();
        questions.subList(1, questions.size()).forEach(each -> each.fail(new PlaneException.Unavailable("gone", null)));
        assertThat(answer).isCompletedWithValue(Optional.of("yes"));
        assertThat(strict).isCompletedExceptionally();
    }

    @Test
    void knows_nothing_of_whom_it_never_asked_about() {
        var answer = remembered.loadOrLastKnown("ada").toCompletableFuture();
        questions.getFirst().fail(new PlaneException.Unavailable("gone", null));
        assertThatThrownBy(answer::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(PlaneException.Unavailable.class);
    }
}
