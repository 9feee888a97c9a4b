package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.Site;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RegistryCacheChangesTest {

    /** Questions the registry has not answered yet. */
    private final Deque<CompletableFuture<Optional<String>>> asked = new ArrayDeque<>();

    private final RegistryCache<String> remembered =
            new RegistryCache<>(1 << 20, String::length, Site.SINGLE_PLANE, _ -> {
                var answer = new CompletableFuture<Optional<String>>();
                asked.add(answer);
                return Uni.createFrom().completionStage(answer);
            });

    private CompletableFuture<Optional<String>> ask() {
        return remembered.load("ada").toCompletableFuture();
    }

    @Test
    void asks_the_registry_once() {
        assertThat(remembered.cached("ada")).isNull();
        var answer = ask();
        asked.remove().complete(Optional.of("granted"));
        assertThat(answer.join()).contains("granted");
        assertThat(remembered.cached("ada")).contains("granted");
        assertThat(ask().join()).contains("granted");
        assertThat(asked).isEmpty();
    }

    @Test
    void remembers_that_there_is_nothing_too() {
        var answer = ask();
        asked.remove().complete(Optional.empty());
        assertThat(answer.join()).isEmpty();
        assertThat(remembered.cached("ada")).isNotNull().isEmpty();
    }

    @Test
    void hears_of_changes_without_asking() {
        remembered.update("ada", "withdrawn");
        assertThat(remembered.cached("ada")).contains("withdrawn");
        assertThat(ask().join()).contains("withdrawn");
        assertThat(asked).isEmpty();
    }

    @Test
    void answers_with_a_change_that_came_while_the_registry_was_asked() {
        var answer = ask();
        remembered.update("ada", "withdrawn");
        asked.remove().complete(Optional.of("granted"));
        assertThat(answer.join()).contains("withdrawn");
        assertThat(remembered.cached("ada")).contains("withdrawn");
    }

    @Test
    void asks_again_when_anything_changed_meanwhile() {
        var answer = ask();
        remembered.update("grace", "granted");
        asked.remove().complete(Optional.of("before"));
        assertThat(answer).isNotDone();
        asked.remove().complete(Optional.of("after"));
        assertThat(answer.join()).contains("after");
    }

    @Test
    void remembers_no_failure() {
        var answer = ask();
        asked.remove().completeExceptionally(new PlaneException.Unavailable("the store is closed", null));
        assertThatThrownBy(answer::join).hasCauseInstanceOf(PlaneException.Unavailable.class);
        assertThat(remembered.cached("ada")).isNull();
        var again = ask();
        asked.remove().complete(Optional.of("granted"));
        assertThat(again.join()).contains("granted");
    }

    @Test
    void counts_changes_and_nothing_else() {
        long before = remembered.version();
        ask();
        asked.remove().complete(Optional.of("granted"));
        assertThat(remembered.version()).isEqualTo(before);
        remembered.update("ada", "withdrawn");
        assertThat(remembered.version()).isGreaterThan(before);
    }
}
