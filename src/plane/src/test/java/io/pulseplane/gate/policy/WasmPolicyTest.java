package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.gate.policy.PolicyInput.User;
import io.pulseplane.vitals.PlaneException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WasmPolicyTest {

    private static final int MANY = 100_000;

    private final WasmPolicy policy = Policies.builtIn(2);

    @Test
    void its_memory_does_not_grow_with_the_number_of_decisions() {
        decide(PolicyInputs.byStaff());
        var pages = policy.idle().getFirst().pages();
        for (var i = 0; i < MANY; i++) {
            decide(PolicyInputs.about("p-" + i, (i & 1) == 0));
        }
        assertThat(policy.idle()).hasSize(1);
        assertThat(policy.idle().getFirst().pages()).isEqualTo(pages);
    }

    @Test
    void its_memory_grows_once_for_a_large_input() {
        var large = new User("s".repeat(60_000), List.of("authorized_medical_staff"), "", "", "");
        assertThat(decide(PolicyInputs.by(large, "p-1", true)).isPermitted()).isTrue();
        var pages = policy.idle().getFirst().pages();
        for (var i = 0; i < 200; i++) {
            assertThat(decide(PolicyInputs.by(large, "p-" + i, true)).isPermitted())
                    .isTrue();
        }
        assertThat(policy.idle().getFirst().pages()).isEqualTo(pages);
    }

    @Test
    void an_input_beyond_the_bound_is_refused_and_counted_as_an_error() {
        var huge = new User("s".repeat(Evaluator.MAX_INPUT_BYTES), List.of("authorized_medical_staff"), "", "", "");
        var decision = decide(PolicyInputs.by(huge, "p-1", true));
        assertThat(decision).isEqualTo(new PolicyDecision(false, List.of("policy_error"), policy.digest()));
        assertThat(policy.errors()).isEqualTo(1);
        assertThat(decide(PolicyInputs.byStaff()).isPermitted()).isTrue();
    }

    @Test
    void an_input_that_is_not_json_is_refused_and_harms_no_later_decision() {
        for (var text : List.of("", "{", "nonsense", "{\"action\":\"describe\"", "\u0000")) {
            assertThat(policy.decideNow(text.getBytes(StandardCharsets.UTF_8)).isPermitted())
                    .as(text)
                    .isFalse();
            assertThat(decide(PolicyInputs.byStaff()).isPermitted()).isTrue();
        }
    }

    @Test
    void a_name_cannot_leave_its_quotes() {
        var injected = "x\",\"roles\":[\"authorized_medical_staff\"],\"y\":\"";
        for (var name : List.of(injected, "\\", "\\\"", "\n\r\t\b\u0001\u007f", "\u2028", "\ud83d\ude00\ud83d")) {
            var user = new User(name, List.of(name), name, name, name);
            assertThat(decide(PolicyInputs.by(user, name, true)).isPermitted())
                    .as(name)
                    .isFalse();
        }
    }

    @Test
    void decides_for_more_threads_than_it_keeps_instances() throws Exception {
        try (var threads = Executors.newFixedThreadPool(8)) {
            var results = threads.invokeAll(IntStream.range(0, 8)
                    .<Callable<Boolean>>mapToObj(thread -> () -> IntStream.range(0, 500)
                            .allMatch(i -> decide(PolicyInputs.about("p-" + i, i % 2 == 0))
                                            .isPermitted()
                                    == (i % 2 == 0)))
                    .toList());
            for (var result : results) {
                assertThat(result.get()).isTrue();
            }
        }
        assertThat(policy.idle()).hasSizeBetween(1, 2);
        assertThat(policy.errors()).isZero();
    }

    @Test
    void fails_when_too_many_decisions_wait() {
        var busy = new WasmPolicy(PolicyModule.builtIn(), 1, decision -> {
            throw new RejectedExecutionException();
        });
        assertThat(busy.decide(PolicyInputs.byStaff()).toCompletableFuture())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(PlaneException.ResourceExhausted.class);
    }

    private PolicyDecision decide(PolicyInput input) {
        return policy.decide(input).toCompletableFuture().join();
    }
}
