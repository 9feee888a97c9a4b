package io.pulseplane.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Why a plane refused a call.
 *
 * @param status gRPC's status, with the plane's message
 * @param violations the fields that are wrong, with INVALID_ARGUMENT
 * @param retryDelay when to come back, where the plane says so: RESOURCE_EXHAUSTED, UNAVAILABLE
 */
public record StatusDetails(Status status, List<FieldViolation> violations, Optional<Duration> retryDelay) {

    /**
     * One field that is wrong.
     *
     * @param field its path, such as {@code batch.columns[0].unit}
     * @param description what it must be
     */
    public record FieldViolation(String field, String description) {}

    /** @param failure what a stub threw, or a StreamObserver was handed */
    public static StatusDetails of(Throwable failure) {
        var violations = List.<FieldViolation>of();
        var retryDelay = Optional.<Duration>empty();
        var proto = StatusProto.fromThrowable(failure);
        if (proto != null) {
            for (var detail : proto.getDetailsList()) {
                if (detail.is(BadRequest.class)) {
                    violations = unpack(detail, BadRequest.class).getFieldViolationsList().stream()
                            .map(violation -> new FieldViolation(violation.getField(), violation.getDescription()))
                            .toList();
                } else if (detail.is(RetryInfo.class)) {
                    var delay = unpack(detail, RetryInfo.class).getRetryDelay();
                    retryDelay = Optional.of(Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
                }
            }
        }
        return new StatusDetails(Status.fromThrowable(failure), violations, retryDelay);
    }

    private static <M extends com.google.protobuf.Message> M unpack(Any detail, Class<M> type) {
        try {
            return detail.unpack(type);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("a detail of the status is no " + type.getSimpleName(), e);
        }
    }
}
