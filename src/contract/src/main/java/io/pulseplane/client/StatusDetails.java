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
 * The details of a failed call.
 *
 * @param status gRPC's status, with the plane's message
 * @param violations the invalid fields, with INVALID_ARGUMENT
 * @param retryDelay how long to wait before a retry, if the plane sent a delay, as it does with RESOURCE_EXHAUSTED
 */
public record StatusDetails(Status status, List<FieldViolation> violations, Optional<Duration> retryDelay) {

    /**
     * One invalid field of the request.
     *
     * @param field its path, such as {@code batch.columns[0].unit}
     * @param description what the field must be
     */
    public record FieldViolation(String field, String description) {}

    /** @param failure the exception that a stub threw, or that a StreamObserver received */
    public static StatusDetails of(Throwable failure) {
        var proto = StatusProto.fromThrowable(failure);
        var details = of(proto == null ? com.google.rpc.Status.getDefaultInstance() : proto);
        return new StatusDetails(Status.fromThrowable(failure), details.violations, details.retryDelay);
    }

    /** @param proto the error of a refused batch */
    public static StatusDetails of(com.google.rpc.Status proto) {
        var violations = List.<FieldViolation>of();
        var retryDelay = Optional.<Duration>empty();
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
        var status = Status.fromCodeValue(proto.getCode()).withDescription(proto.getMessage());
        return new StatusDetails(status, violations, retryDelay);
    }

    private static <M extends com.google.protobuf.Message> M unpack(Any detail, Class<M> type) {
        try {
            return detail.unpack(type);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("a detail of the status is not a valid " + type.getSimpleName(), e);
        }
    }
}
