package io.pulseplane.api;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.pulseplane.vitals.OutOfMemory;
import io.pulseplane.vitals.PlaneException;
import java.lang.System.Logger.Level;

/** Maps failures to {@code google.rpc.Status} with details. */
public final class StatusMapper {

    private static final System.Logger LOG = System.getLogger(StatusMapper.class.getName());

    /** Details are sent in a header, which may have 8 KiB. */
    private static final int MAX_VIOLATIONS = 20;

    private static final int MAX_FIELD_LENGTH = 100;

    private StatusMapper() {}

    public static StatusRuntimeException toException(Throwable failure) {
        return StatusProto.toStatusRuntimeException(toStatus(failure));
    }

    static Status toStatus(Throwable failure) {
        return switch (failure) {
            case PlaneException.InvalidArgument invalid ->
                toStatus(Code.INVALID_ARGUMENT, invalid, badRequest(invalid));
            case PlaneException.NotFound e -> toStatus(Code.NOT_FOUND, e);
            case PlaneException.AlreadyExists e -> toStatus(Code.ALREADY_EXISTS, e);
            case PlaneException.FailedPrecondition e -> toStatus(Code.FAILED_PRECONDITION, e);
            case PlaneException.ResourceExhausted e ->
                e.retryAfter().isZero()
                        ? toStatus(Code.RESOURCE_EXHAUSTED, e)
                        : toStatus(Code.RESOURCE_EXHAUSTED, e, retryInfo(e));
            case PlaneException.Unavailable e -> toStatus(Code.UNAVAILABLE, e);
            case PlaneException.DeadlineExceeded e -> toStatus(Code.DEADLINE_EXCEEDED, e);
            case PlaneException.DataLoss e -> toStatus(Code.DATA_LOSS, e);
            case PlaneException.Unauthenticated e -> toStatus(Code.UNAUTHENTICATED, e);
            case PlaneException.PermissionDenied e -> toStatus(Code.PERMISSION_DENIED, e);
            default -> {
                OutOfMemory.exitIfCauseOf(failure);
                LOG.log(Level.ERROR, "A call failed with an unexpected exception", failure);
                yield Status.newBuilder()
                        .setCode(Code.INTERNAL_VALUE)
                        .setMessage("internal error; the log of the plane has the details")
                        .build();
            }
        };
    }

    private static Status toStatus(Code code, PlaneException exception, Message... details) {
        var status = Status.newBuilder().setCode(code.getNumber()).setMessage(exception.getMessage());
        for (var detail : details) {
            status.addDetails(Any.pack(detail));
        }
        return status.build();
    }

    private static BadRequest badRequest(PlaneException.InvalidArgument invalid) {
        var details = BadRequest.newBuilder();
        invalid.violations().stream()
                .limit(MAX_VIOLATIONS)
                .forEach(violation -> details.addFieldViolationsBuilder()
                        .setField(truncate(violation.field()))
                        .setDescription(violation.description()));
        return details.build();
    }

    private static RetryInfo retryInfo(PlaneException.ResourceExhausted exhausted) {
        var delay = exhausted.retryAfter();
        return RetryInfo.newBuilder()
                .setRetryDelay(
                        Duration.newBuilder().setSeconds(delay.getSeconds()).setNanos(delay.getNano()))
                .build();
    }

    private static String truncate(String text) {
        return text.length() <= MAX_FIELD_LENGTH ? text : text.substring(0, MAX_FIELD_LENGTH);
    }
}
