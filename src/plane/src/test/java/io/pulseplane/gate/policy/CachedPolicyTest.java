package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.pulseplane.vitals.PlaneException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class CachedPolicyTest {

    private static final PolicyInput INPUT = PolicyInputs.byStaff();

    private final ScriptedPolicy first = new ScriptedPolicy("first");
    private final CachedPolicy policy = new CachedPolicy(first, 100, Duration.ZERO);

    /** Gives the decision that a test sets. */
    private static final class ScriptedPolicy implements Policy {

        final String name;
        final AtomicInteger calls = new AtomicInteger();
        CompletableFuture<PolicyDecision> next;
        boolean closed;

        ScriptedPolicy(String name) {
            this.name = name;
            next = CompletableFuture.completedFuture(new PolicyDecision(true, List.of(), name));
        }

        @Override
        public CompletionStage<PolicyDecision> decide(PolicyInput input) {
            calls.incrementAndGet();
            return next;
        }

        @Override
        public String digest() {
            return name;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void decides_once_on_a_repeated_input() {
        assertThat(policy.cached(INPUT)).isNull();
        var decision = decide();
        assertThat(policy.cached(PolicyInputs.byStaff())).isSameAs(decision);
        assertThat(decide()).isSameAs(decision);
        assertThat(first.calls).hasValue(1);
    }

    @Test
    void decides_again_when_consent_is_withdrawn() {
        decide();
        assertThat(policy.cached(PolicyInputs.about("p-1", false))).isNull();
    }

    @Test
    void forgets_the_decisions_of_a_replaced_policy() {
        decide();
        policy.replace(new ScriptedPolicy("second"));
        assertThat(policy.cached(INPUT)).isNull();
        assertThat(decide().policyDigest()).isEqualTo("second");
        assertThat(policy.digest()).isEqualTo("second");
        assertThat(first.closed).isTrue();
    }

    @Test
    void does_not_cache_a_late_decision_of_a_replaced_policy() {
        var late = new CompletableFuture<PolicyDecision>();
        first.next = late;
        var decision = policy.decide(INPUT).toCompletableFuture();
        policy.replace(new ScriptedPolicy("second"));
        late.complete(new PolicyDecision(false, List.of("role"), "first"));
        assertThat(decision.join().policyDigest()).isEqualTo("first");
        assertThat(policy.cached(INPUT)).isNull();
    }

    @Test
    void does_not_cache_errors() {
        first.next = CompletableFuture.completedFuture(PolicyDecision.error("first"));
        assertThat(decide().isPermitted()).isFalse();
        assertThat(policy.cached(INPUT)).isNull();
        first.next = CompletableFuture.failedFuture(new PlaneException.Unavailable("gone", null));
        assertThat(policy.decide(INPUT).toCompletableFuture())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(PlaneException.Unavailable.class);
        assertThat(policy.cached(INPUT)).isNull();
    }

    @Test
    void caches_no_more_than_its_bound() {
        for (var i = 0; i < 10_000; i++) {
            var _ = policy.decide(PolicyInputs.about("p-" + i, true));
        }
        var cached = 0;
        for (var i = 0; i < 10_000; i++) {
            cached += policy.cached(PolicyInputs.about("p-" + i, true)) == null ? 0 : 1;
        }
        assertThat(cached).isBetween(1, 100);
    }

    @Test
    void forgets_decisions_after_their_time_to_live() {
        var expiring = new CachedPolicy(first, 100, Duration.ofMillis(1));
        var _ = expiring.decide(INPUT);
        Awaitility.await().until(() -> expiring.cached(INPUT) == null);
    }

    @Test
    void a_cached_decision_costs_no_allocation() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        decide();
        var hits = 0L;
        var allocated = 0L;
        for (var round = 0; round < 2; round++) { // the first round warms up
            var before = threads.getCurrentThreadAllocatedBytes();
            for (var i = 0; i < 100_000; i++) {
                hits += policy.cached(INPUT) == null ? 0 : 1;
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(hits).isEqualTo(200_000);
        assertThat(allocated).isLessThan(100_000);
    }

    @Test
    void closes_the_policy_that_decides() {
        policy.close();
        assertThat(first.closed).isTrue();
    }

    private PolicyDecision decide() {
        return policy.decide(INPUT).toCompletableFuture().join();
    }
}
