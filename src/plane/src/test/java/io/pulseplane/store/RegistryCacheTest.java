package io.pulseplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RegistryCacheTest {

    private static final long MAX_BYTES = 100_000;

    /** Loads that the registry has not answered yet. */
    private final Deque<UniEmitter<? super Optional<String>>> pendingLoads = new ArrayDeque<>();

    private final RegistryCache<String> cache = new RegistryCache<>(
            MAX_BYTES,
            String::length,
            Site.SINGLE_PLANE,
            _ -> Uni.createFrom().emitter(load -> pendingLoads.add(load)));

    private CompletableFuture<Optional<String>> load() {
        return cache.load("ada").toCompletableFuture();
    }

    @Test
    void loads_once_for_many_callers() {
        var answers = IntStream.range(0, 100).mapToObj(_ -> load()).toList();
        assertThat(pendingLoads).hasSize(1);
        pendingLoads.remove().complete(Optional.of("yes"));
        assertThat(answers).allSatisfy(answer -> assertThat(answer).isCompletedWithValue(Optional.of("yes")));
        assertThat(cache.cached("ada")).contains("yes");
    }

    @Test
    void keeps_within_its_bound_in_bytes() {
        var large = "x".repeat(1_000);
        IntStream.range(0, 1_000).forEach(i -> {
            var _ = cache.load("p" + i);
            pendingLoads.remove().complete(Optional.of(large));
        });
        assertThat(IntStream.range(0, 1_000).filter(i -> cache.cached("p" + i) != null))
                .hasSizeBetween(1, 100);
    }

    @Test
    void loads_again_for_a_caller_that_comes_after_a_change() {
        var before = load();
        cache.update("ada");
        var after = load();
        assertThat(pendingLoads).hasSize(2);
        pendingLoads.removeLast().complete(Optional.of("no"));
        assertThat(after).isCompletedWithValue(Optional.of("no"));
        pendingLoads.remove().complete(Optional.of("yes"));
        assertThat(before)
                .as("a value that was read before the change is not used")
                .isCompletedWithValue(Optional.of("no"));
    }

    @Test
    void loads_again_after_a_failure() {
        var failed = load();
        pendingLoads.remove().fail(new PlaneException.Unavailable("gone", null));
        assertThat(failed).isCompletedExceptionally();
        var _ = load();
        assertThat(pendingLoads).hasSize(1);
    }

    @Test
    void gives_the_last_known_value_on_request_while_the_registry_is_unavailable() {
        var old = new RegistryCache<String>(
                MAX_BYTES,
                String::length,
                TestSite.whereNothingHolds(),
                _ -> Uni.createFrom().emitter(load -> pendingLoads.add(load)));
        var _ = old.load("ada");
        pendingLoads.remove().complete(Optional.of("yes"));
        var answer = old.loadOrLastKnown("ada").toCompletableFuture();
        var strict = old.load("ada").toCompletableFuture();
        pendingLoads.forEach(load -> load.fail(new PlaneException.Unavailable("gone", null)));
        assertThat(answer).isCompletedWithValue(Optional.of("yes"));
        assertThat(strict).isCompletedExceptionally();
    }

    @Test
    void fails_without_a_last_known_value_while_the_registry_is_unavailable() {
        var answer = cache.loadOrLastKnown("ada").toCompletableFuture();
        pendingLoads.remove().fail(new PlaneException.Unavailable("gone", null));
        assertThatThrownBy(answer::join)
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void loads_from_the_registry_once() {
        assertThat(cache.cached("ada")).isNull();
        var answer = load();
        pendingLoads.remove().complete(Optional.of("granted"));
        assertThat(answer.join()).contains("granted");
        assertThat(cache.cached("ada")).contains("granted");
        assertThat(load().join()).contains("granted");
        assertThat(pendingLoads).isEmpty();
    }

    @Test
    void remembers_that_the_registry_has_nothing() {
        var answer = load();
        pendingLoads.remove().complete(Optional.empty());
        assertThat(answer.join()).isEmpty();
        assertThat(cache.cached("ada")).isNotNull().isEmpty();
    }

    @Test
    void takes_a_change_without_a_load() {
        cache.update("ada", "withdrawn");
        assertThat(cache.cached("ada")).contains("withdrawn");
        assertThat(load().join()).contains("withdrawn");
        assertThat(pendingLoads).isEmpty();
    }

    @Test
    void answers_with_a_change_that_came_during_a_load() {
        var answer = load();
        cache.update("ada", "withdrawn");
        pendingLoads.remove().complete(Optional.of("granted"));
        assertThat(answer.join()).contains("withdrawn");
        assertThat(cache.cached("ada")).contains("withdrawn");
    }

    @Test
    void loads_again_when_another_entry_changed_during_the_load() {
        var answer = load();
        cache.update("grace", "granted");
        pendingLoads.remove().complete(Optional.of("before"));
        assertThat(answer).isNotDone();
        pendingLoads.remove().complete(Optional.of("after"));
        assertThat(answer.join()).contains("after");
    }

    @Test
    void does_not_remember_a_failure() {
        var answer = load();
        pendingLoads.remove().fail(new PlaneException.Unavailable("the store is closed", null));
        assertThatThrownBy(answer::join).hasCauseInstanceOf(PlaneException.Unavailable.class);
        assertThat(cache.cached("ada")).isNull();
        var again = load();
        pendingLoads.remove().complete(Optional.of("granted"));
        assertThat(again.join()).contains("granted");
    }

    @Test
    void counts_changes_and_nothing_else() {
        long before = cache.version();
        var _ = load();
        pendingLoads.remove().complete(Optional.of("granted"));
        assertThat(cache.version()).isEqualTo(before);
        cache.update("ada", "withdrawn");
        assertThat(cache.version()).isGreaterThan(before);
    }
}
