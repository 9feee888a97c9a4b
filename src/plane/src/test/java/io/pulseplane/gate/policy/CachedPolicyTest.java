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

    /** Says what it is told to, when it is told to. */
    private static final class ScriptedPolicy implements Policy {

        final String name;
        final AtomicInteger asked = new AtomicInteger();
        CompletableFuture<PolicyDecision> next;
        boolean closed;

        ScriptedPolicy(String name) {
            this.name = name;
            next = CompletableFuture.completedFuture(new PolicyDecision(true, List.of(), name));
        }

        @Override
        public CompletionStage<PolicyDecision> decide(PolicyInput input) {
            asked.incrementAndGet();
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
    void decides_once_what_is_asked_again() {
        assertThat(policy.cached(INPUT)).isNull();
        var verdict = decided();
        assertThat(policy.cached(PolicyInputs.byStaff())).isSameAs(verdict);
        assertThat(decided()).isSameAs(verdict);
        assertThat(first.asked).hasValue(1);
    }

    @Test
    void decides_anew_when_consent_is_withdrawn() {
        decided();
        assertThat(policy.cached(PolicyInputs.about("p-1", false))).isNull();
    }

    @Test
    void forgets_what_the_policy_before_said() {
        decided();
        policy.replace(new ScriptedPolicy("second"));
        assertThat(policy.cached(INPUT)).isNull();
        assertThat(decided().policyDigest()).isEqualTo("second");
        assertThat(policy.digest()).isEqualTo("second");
        assertThat(first.closed).isTrue();
    }

    @Test
    void does_not_learn_from_the_policy_before_what_it_was_still_deciding() {
        var late = new CompletableFuture<PolicyDecision>();
        first.next = late;
        var asked = policy.decide(INPUT).toCompletableFuture();
        policy.replace(new ScriptedPolicy("second"));
        late.complete(new PolicyDecision(false, List.of("role"), "first"));
        assertThat(asked.join().policyDigest()).isEqualTo("first");
        assertThat(policy.cached(INPUT)).isNull();
    }

    @Test
    void remembers_no_errors() {
        first.next = CompletableFuture.completedFuture(PolicyDecision.error("first"));
        assertThat(decided().isPermitted()).isFalse();
        assertThat(policy.cached(INPUT)).isNull();
        first.next = CompletableFuture.failedFuture(new PlaneException.Unavailable("gone", null));
        assertThat(policy.decide(INPUT).toCompletableFuture())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(PlaneException.Unavailable.class);
        assertThat(policy.cached(INPUT)).isNull();
    }

    @Test
    void remembers_no_more_than_its_bound() {
        for (var i = 0; i < 10_000; i++) {
            policy.decide(PolicyInputs.about("p-" + i, true));
        }
        var known = 0;
        for (var i = 0; i < 10_000; i++) {
            known += policy.cached(PolicyInputs.about("p-" + i, true)) == null ? 0 : 1;
        }
        assertThat(known).isBetween(1, 100);
    }

    @Test
    void forgets_after_a_while_what_can_change_unseen() {
        var forgetful = new CachedPolicy(first, 100, Duration.ofMillis(1));
        forgetful.decide(INPUT);
        Awaitility.await().until(() -> forgetful.cached(INPUT) == null);
    }

    @Test
    void what_is_known_costs_no_allocation() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        decided();
        var found = 0L;
        var allocated = 0L;
        for (var round = 0; round < 2; round++) { // the first sets up what the second finds
            var before = threads.getCurrentThreadAllocatedBytes();
            for (var i = 0; i < 100_000; i++) {
                found += policy.cached(INPUT) == null ? 0 : 1;
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(found).isEqualTo(200_000);
        assertThat(allocated).isLessThan(100_000);
    }

    @Test
    void closes_what_decides() {
        policy.close();
        assertThat(first.closed).isTrue();
    }

    private PolicyDecision decided() {
        return policy.decide(INPUT).toCompletableFuture().join();
    }
}
