package io.pulseplane.gate.policy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A policy with a cache of its decisions, by their input. Policy and cache are replaced together, so a new policy never
 * answers with a decision of the one before, not even with one that is still under way. Errors are not cached.
 */
public final class CachedPolicy implements Policy {

    private final int maxCachedDecisions;
    private final Duration ttl;
    private volatile Generation generation;

    private record Generation(Policy policy, Cache<PolicyInput, PolicyDecision> decisions) {}

    /**
     * @param ttl how long a decision is cached, for a policy that can change without notice; zero for as long as the
     *     policy is in use
     */
    public CachedPolicy(Policy policy, int maxCachedDecisions, Duration ttl) {
        this.maxCachedDecisions = maxCachedDecisions;
        this.ttl = ttl;
        generation = generation(policy);
    }

    @Override
    public PolicyDecision cached(PolicyInput input) {
        return generation.decisions.getIfPresent(input);
    }

    @Override
    public CompletionStage<PolicyDecision> decide(PolicyInput input) {
        var current = generation;
        var cached = current.decisions.getIfPresent(input);
        if (cached != null) {
            return CompletableFuture.completedFuture(cached);
        }
        return current.policy.decide(input).thenApply(decision -> {
            if (!decision.isError()) {
                current.decisions.put(input, decision);
            }
            return decision;
        });
    }

    /** Lets another policy decide from now on, with an empty cache. */
    void replace(Policy policy) {
        var previous = generation;
        generation = generation(policy);
        previous.policy.close();
    }

    @Override
    public Optional<Duration> validity() {
        return generation.policy.validity().map(_ -> ttl);
    }

    @Override
    public String digest() {
        return generation.policy.digest();
    }

    @Override
    public void close() {
        generation.policy.close();
    }

    /** The cache is maintained on the calling thread. */
    private Generation generation(Policy policy) {
        var cache = Caffeine.newBuilder().maximumSize(maxCachedDecisions).executor(Runnable::run);
        if (ttl.isPositive()) {
            cache.expireAfterWrite(ttl);
        }
        return new Generation(policy, cache.build());
    }
}
