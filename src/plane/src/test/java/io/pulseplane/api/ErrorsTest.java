package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import io.pulseplane.vitals.Problem;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ErrorsTest {

    @Test
    void gives_every_problem_a_status_of_its_own_and_its_message() {
        var codes = Map.<Problem, Code>of(
                new Problem.Invalid("time", "must be positive"), Code.INVALID_ARGUMENT,
                new Problem.NotFound("there is no such patient"), Code.NOT_FOUND,
                new Problem.AlreadyExists("the MRN is taken"), Code.ALREADY_EXISTS,
                new Problem.Unmet("register the patient first"), Code.FAILED_PRECONDITION,
                new Problem.Exhausted("too many", Duration.ofMillis(1_500)), Code.RESOURCE_EXHAUSTED,
                new Problem.Unavailable("the plane is stopping", null), Code.UNAVAILABLE,
                new Problem.TooLate("the time was up"), Code.DEADLINE_EXCEEDED,
                new Problem.Damaged("a checksum is wrong"), Code.DATA_LOSS,
                new Problem.Unauthenticated("the token has expired"), Code.UNAUTHENTICATED,
                new Problem.Refused("the policy says no"), Code.PERMISSION_DENIED);
        assertThat(codes.keySet().stream().<Class<?>>map(Object::getClass))
                .containsExactlyInAnyOrder(Problem.class.getPermittedSubclasses());
        codes.forEach((problem, code) -> {
            assertThat(Errors.status(problem).getCode()).isEqualTo(code.getNumber());
            assertThat(Errors.status(problem).getMessage()).isEqualTo(problem.getMessage());
        });
    }

    @Test
    void says_when_to_try_again_only_where_that_makes_sense() {
        var later = Errors.status(new Problem.Exhausted("too many", Duration.ofMillis(1_500)));
        assertThat(later.getDetailsList())
                .singleElement()
                .satisfies(detail -> assertThat(detail.unpack(RetryInfo.class).getRetryDelay())
                        .isEqualTo(com.google.protobuf.Duration.newBuilder()
                                .setSeconds(1)
                                .setNanos(500_000_000)
                                .build()));
        assertThat(Errors.status(new Problem.Exhausted("too large")).getDetailsList())
                .isEmpty();
    }

    @Test
    void says_nothing_of_an_error_of_the_program() {
        var status = Errors.status(new IllegalStateException("SELECT * FROM patient"));
        assertThat(status.getCode()).isEqualTo(Code.INTERNAL_VALUE);
        assertThat(status.getMessage()).isEqualTo("the plane made an error; its log says more");
    }
}
