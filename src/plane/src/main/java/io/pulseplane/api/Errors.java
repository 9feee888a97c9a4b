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
import io.pulseplane.vitals.Problem;
import java.lang.System.Logger.Level;

/** What the plane says when it says no: {@code google.rpc.Status} with details. */
public final class Errors {

    private static final System.Logger LOG = System.getLogger(Errors.class.getName());

    /** Details travel in a header, which has a bound of 8 KiB. */
    private static final int MAX_VIOLATIONS = 20;

    private static final int MAX_FIELD_LENGTH = 100;

    private Errors() {}

    public static StatusRuntimeException exception(Throwable failure) {
        return StatusProto.toStatusRuntimeException(status(failure));
    }

    static Status status(Throwable failure) {
        return switch (failure) {
            case Problem.Invalid invalid -> status(Code.INVALID_ARGUMENT, invalid, badRequest(invalid));
            case Problem.NotFound e -> status(Code.NOT_FOUND, e);
            case Problem.AlreadyExists e -> status(Code.ALREADY_EXISTS, e);
            case Problem.Unmet e -> status(Code.FAILED_PRECONDITION, e);
            case Problem.Exhausted e ->
                e.retryAfter().isZero()
                        ? status(Code.RESOURCE_EXHAUSTED, e)
                        : status(Code.RESOURCE_EXHAUSTED, e, retryInfo(e));
            case Problem.Unavailable e -> status(Code.UNAVAILABLE, e);
            case Problem.TooLate e -> status(Code.DEADLINE_EXCEEDED, e);
            case Problem.Damaged e -> status(Code.DATA_LOSS, e);
            case Problem.Unauthenticated e -> status(Code.UNAUTHENTICATED, e);
            case Problem.Refused e -> status(Code.PERMISSION_DENIED, e);
            default -> {
                LOG.log(Level.ERROR, "An error of the program", failure);
                yield Status.newBuilder()
                        .setCode(Code.INTERNAL_VALUE)
                        .setMessage("the plane made an error; its log says more")
                        .build();
            }
        };
    }

    private static Status status(Code code, Problem problem, Message... details) {
        var status = Status.newBuilder().setCode(code.getNumber()).setMessage(problem.getMessage());
        for (var detail : details) {
            status.addDetails(Any.pack(detail));
        }
        return status.build();
    }

    private static BadRequest badRequest(Problem.Invalid invalid) {
        var details = BadRequest.newBuilder();
        invalid.violations().stream()
                .limit(MAX_VIOLATIONS)
                .forEach(violation -> details.addFieldViolationsBuilder()
                        .setField(cut(violation.field()))
                        .setDescription(violation.description()));
        return details.build();
    }

    private static RetryInfo retryInfo(Problem.Exhausted exhausted) {
        var delay = exhausted.retryAfter();
        return RetryInfo.newBuilder()
                .setRetryDelay(
                        Duration.newBuilder().setSeconds(delay.getSeconds()).setNanos(delay.getNano()))
                .build();
    }

    private static String cut(String text) {
        return text.length() <= MAX_FIELD_LENGTH ? text : text.substring(0, MAX_FIELD_LENGTH);
    }
}
