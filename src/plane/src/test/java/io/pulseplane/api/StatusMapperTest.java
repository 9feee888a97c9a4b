package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StatusMapperTest {

    @Test
    void maps_every_exception_to_its_status_and_message() {
        var codes = Map.<PlaneException, Code>of(
                new PlaneException.InvalidArgument("time", "must be positive"), Code.INVALID_ARGUMENT,
                new PlaneException.NotFound("there is no such patient"), Code.NOT_FOUND,
                new PlaneException.AlreadyExists("the MRN is taken"), Code.ALREADY_EXISTS,
                new PlaneException.FailedPrecondition("register the patient first"), Code.FAILED_PRECONDITION,
                new PlaneException.ResourceExhausted("too many", Duration.ofMillis(1_500)), Code.RESOURCE_EXHAUSTED,
                new PlaneException.Unavailable("the plane is stopping", null), Code.UNAVAILABLE,
                new PlaneException.DeadlineExceeded("the time was up"), Code.DEADLINE_EXCEEDED,
                new PlaneException.DataLoss("a checksum is wrong"), Code.DATA_LOSS,
                new PlaneException.Unauthenticated("the token has expired"), Code.UNAUTHENTICATED,
                new PlaneException.PermissionDenied("the policy says no"), Code.PERMISSION_DENIED);
        assertThat(codes.keySet().stream().<Class<?>>map(Object::getClass))
                .containsExactlyInAnyOrder(PlaneException.class.getPermittedSubclasses());
        codes.forEach((problem, code) -> {
            assertThat(StatusMapper.toStatus(problem).getCode()).isEqualTo(code.getNumber());
            assertThat(StatusMapper.toStatus(problem).getMessage()).isEqualTo(problem.getMessage());
        });
    }

    @Test
    void adds_a_retry_delay_only_where_a_retry_makes_sense() {
        var later = StatusMapper.toStatus(new PlaneException.ResourceExhausted("too many", Duration.ofMillis(1_500)));
        assertThat(later.getDetailsList())
                .singleElement()
                .satisfies(detail -> assertThat(detail.unpack(RetryInfo.class).getRetryDelay())
                        .isEqualTo(com.google.protobuf.Duration.newBuilder()
                                .setSeconds(1)
                                .setNanos(500_000_000)
                                .build()));
        assertThat(StatusMapper.toStatus(new PlaneException.ResourceExhausted("too large"))
                        .getDetailsList())
                .isEmpty();
    }

    @Test
    void hides_the_details_of_an_unexpected_exception() {
        var status = StatusMapper.toStatus(new IllegalStateException("SELECT * FROM patient"));
        assertThat(status.getCode()).isEqualTo(Code.INTERNAL_VALUE);
        assertThat(status.getMessage()).isEqualTo("internal error; the log of the plane has the details");
    }
}
