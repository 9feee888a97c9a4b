package io.pulseplane.gate.policy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A policy whose verdicts are remembered by what was asked. Policy and memory are one and are replaced as one, so a policy
 * that changed never answers with what its predecessor said, not even with what the predecessor is still deciding. Errors
 * are not remembered.
 */
public final class CachedPolicy implements Policy {

    private final int maxCachedDecisions;
    private final Duration ttl;
    private volatile Generation generation;

    private record Generation(Policy policy, Cache<PolicyInput, PolicyDecision> decisions) {}

    /**
     * @param life how long a verdict is remembered, for a policy that can change unseen; zero for as long as the policy
     *     stands
     */
    public CachedPolicy(Policy policy, int maxVerdicts, Duration life) {
        this.maxCachedDecisions = maxVerdicts;
        this.ttl = life;
        generation = generation(policy);
    }

    @Override
    public PolicyDecision cached(PolicyInput input) {
        return generation.decisions.getIfPresent(input);
    }

    @Override
    public CompletionStage<PolicyDecision> decide(PolicyInput input) {
        var now = generation;
        var known = now.decisions.getIfPresent(input);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        return now.policy.decide(input).thenApply(verdict -> {
            if (!verdict.isError()) {
                now.decisions.put(input, verdict);
            }
            return verdict;
        });
    }

    /** From here on another policy decides. */
    void replace(Policy policy) {
        var before = generation;
        generation = generation(policy);
        before.policy.close();
    }

    @Override
    public String digest() {
        return generation.policy.digest();
    }

    @Override
    public void close() {
        generation.policy.close();
    }

    /** Housekeeping is done by who asks; there is no thread for it. */
    private Generation generation(Policy policy) {
        var verdicts = Caffeine.newBuilder().maximumSize(maxCachedDecisions).executor(Runnable::run);
        if (ttl.isPositive()) {
            verdicts.expireAfterWrite(ttl);
        }
        return new Generation(policy, verdicts.build());
    }
}
