package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.pulseplane.vitals.Problem;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class CachedPolicyTest {

    private static final PolicyInput ASKED = Questions.byStaff();

    private final Said first = new Said("first");
    private final CachedPolicy policy = new CachedPolicy(first, 100, Duration.ZERO);

    /** Says what it is told to, when it is told to. */
    private static final class Said implements Policy {

        final String name;
        final AtomicInteger asked = new AtomicInteger();
        CompletableFuture<Verdict> next;
        boolean closed;

        Said(String name) {
            this.name = name;
            next = CompletableFuture.completedFuture(new Verdict(true, List.of(), name));
        }

        @Override
        public CompletionStage<Verdict> decide(PolicyInput input) {
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
        assertThat(policy.cached(ASKED)).isNull();
        var verdict = decided();
        assertThat(policy.cached(Questions.byStaff())).isSameAs(verdict);
        assertThat(decided()).isSameAs(verdict);
        assertThat(first.asked).hasValue(1);
    }

    @Test
    void decides_anew_when_consent_is_withdrawn() {
        decided();
        assertThat(policy.cached(Questions.about("p-1", false))).isNull();
    }

    @Test
    void forgets_what_the_policy_before_said() {
        decided();
        policy.replace(new Said("second"));
        assertThat(policy.cached(ASKED)).isNull();
        assertThat(decided().policyDigest()).isEqualTo("second");
        assertThat(policy.digest()).isEqualTo("second");
        assertThat(first.closed).isTrue();
    }

    @Test
    void does_not_learn_from_the_policy_before_what_it_was_still_deciding() {
        var late = new CompletableFuture<Verdict>();
        first.next = late;
        var asked = policy.decide(ASKED).toCompletableFuture();
        policy.replace(new Said("second"));
        late.complete(new Verdict(false, List.of("role"), "first"));
        assertThat(asked.join().policyDigest()).isEqualTo("first");
        assertThat(policy.cached(ASKED)).isNull();
    }

    @Test
    void remembers_no_errors() {
        first.next = CompletableFuture.completedFuture(Verdict.error("first"));
        assertThat(decided().permitted()).isFalse();
        assertThat(policy.cached(ASKED)).isNull();
        first.next = CompletableFuture.failedFuture(new Problem.Unavailable("gone", null));
        assertThat(policy.decide(ASKED).toCompletableFuture())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(Problem.Unavailable.class);
        assertThat(policy.cached(ASKED)).isNull();
    }

    @Test
    void remembers_no_more_than_its_bound() {
        for (var i = 0; i < 10_000; i++) {
            policy.decide(Questions.about("p-" + i, true));
        }
        var known = 0;
        for (var i = 0; i < 10_000; i++) {
            known += policy.cached(Questions.about("p-" + i, true)) == null ? 0 : 1;
        }
        assertThat(known).isBetween(1, 100);
    }

    @Test
    void forgets_after_a_while_what_can_change_unseen() {
        var forgetful = new CachedPolicy(first, 100, Duration.ofMillis(1));
        forgetful.decide(ASKED);
        Awaitility.await().until(() -> forgetful.cached(ASKED) == null);
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
                found += policy.cached(ASKED) == null ? 0 : 1;
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

    private Verdict decided() {
        return policy.decide(ASKED).toCompletableFuture().join();
    }
}
