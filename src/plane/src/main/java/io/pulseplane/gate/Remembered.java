package io.pulseplane.gate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.Site;
import io.pulseplane.vitals.Problem;
import io.smallrye.mutiny.Uni;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * What the registry says, remembered until it says otherwise. A change is honoured by whoever asks after it was made:
 * what was read before a change is not remembered after it. Where others may change the registry too, what was read is
 * believed as long as it holds by the site.
 */
final class Remembered<T> {

    /** What an entry takes beside what was found. */
    private static final int BYTES_OF_ENTRY = 256;

    private final Function<String, Uni<Optional<T>>> registry;
    private final Site site;
    private final Cache<String, Read<T>> known;
    private final AtomicLong changes = new AtomicLong();

    private final ConcurrentMap<String, Question<T>> underWay = new ConcurrentHashMap<>();

    private record Read<T>(Optional<T> found, long asOf) {}

    /** @param before how many changes there had been when it began */
    private record Question<T>(long before, long asOf, CompletableFuture<Optional<T>> answer) {}

    /**
     * @param maxBytes that may be taken in memory
     * @param weight what one of them takes in it, about, in bytes
     */
    Remembered(long maxBytes, ToIntFunction<T> weight, Site site, Function<String, Uni<Optional<T>>> registry) {
        this.registry = registry;
        this.site = site;
        this.known = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((String id, Read<T> read) -> BYTES_OF_ENTRY
                        + id.length()
                        + read.found.map(weight::applyAsInt).orElse(0))
                .build();
    }

    /** What is known at once; null if the registry has to be asked. */
    Optional<T> now(String id) {
        var read = known.getIfPresent(id);
        return read != null && site.holds(read.asOf) ? read.found : null;
    }

    /** What was known last, though it may not hold any more; null if nothing was. */
    Optional<T> last(String id) {
        var read = known.getIfPresent(id);
        return read == null ? null : read.found;
    }

    CompletionStage<Optional<T>> ask(String id) {
        var now = now(id);
        if (now != null) {
            return CompletableFuture.completedStage(now);
        }
        var question = asked(id);
        return question.answer.thenCompose(found -> {
            if (changes.get() != question.before) {
                return ask(id);
            }
            // A change may come in between, and is not replaced by what was before it.
            known.asMap()
                    .merge(
                            id,
                            new Read<>(found, question.asOf),
                            (there, read) -> there.asOf >= read.asOf ? there : read);
            return changes.get() == question.before ? CompletableFuture.completedStage(found) : forgetAndAsk(id);
        });
    }

    /** What is known last where the registry cannot be asked; fails as the registry does where nothing is. */
    CompletionStage<Optional<T>> askOrLast(String id) {
        return ask(id).exceptionallyCompose(failure -> {
            var cause = Problem.unwrap(failure);
            var last = cause instanceof Problem.Unavailable ? last(id) : null;
            return last == null ? CompletableFuture.failedStage(cause) : CompletableFuture.completedStage(last);
        });
    }

    /** One question at a time for each id, however many ask; a new one when the last began too early for who asks now. */
    private Question<T> asked(String id) {
        var mine = new Question<T>(changes.get(), site.now(), new CompletableFuture<>());
        var question = underWay.merge(
                id, mine, (there, _) -> there.before == mine.before && site.holds(there.asOf) ? there : mine);
        if (question == mine) {
            registry.apply(id).subscribeAsCompletionStage().whenComplete((found, failure) -> {
                underWay.remove(id, mine);
                if (failure == null) {
                    mine.answer.complete(found);
                } else {
                    mine.answer.completeExceptionally(failure);
                }
            });
        }
        return question;
    }

    private CompletionStage<Optional<T>> forgetAndAsk(String id) {
        known.invalidate(id);
        return ask(id);
    }

    /** The registry says otherwise from now on. */
    void changed(String id, T now) {
        if (site.isShared()) {
            // By now somebody else may have changed it again, and we may have heard of that already.
            changed(id);
        } else {
            changes.incrementAndGet();
            known.put(id, new Read<>(Optional.of(now), site.now()));
        }
    }

    /** The registry says otherwise from now on; what it says is to be read. */
    void changed(String id) {
        changes.incrementAndGet();
        known.invalidate(id);
    }

    /** The registry has nothing of it any more. */
    void gone(String id) {
        changes.incrementAndGet();
        known.invalidate(id);
    }

    /** Grows with every change. */
    long changes() {
        return changes.get();
    }
}
