package io.pulseplane.vitals;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;

/**
 * A failure that the plane reports to the caller; each subclass stands for one gRPC status.
 *
 * <p>Messages are for the caller: they describe what was wrong and what would be right, and never contain a patient's
 * data, an SQL statement or a path. These exceptions are ordinary answers, so they have no stack trace. A bug in the
 * program shows as some other exception.
 */
@SuppressWarnings("serial") // thrown within one process
public abstract sealed class PlaneException extends RuntimeException {

    private PlaneException(String message, Throwable cause) {
        super(message, cause, false, false);
    }

    /**
     * Returns the cause of a {@link CompletionException}, and any other failure as it is. A stage that depends on a
     * failed one wraps the failure, and the failed stage itself does not, so a handler can meet both.
     *
     * @param failure may be null; then the result is null
     */
    public static Throwable unwrap(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** One invalid field of a request. The field is a path in the request, such as {@code batch.columns[2].values}. */
    public record FieldViolation(String field, String description) implements Serializable {}

    /** INVALID_ARGUMENT: the request is malformed, whatever the state of the plane. */
    public static final class InvalidArgument extends PlaneException {

        private final List<FieldViolation> violations;

        public InvalidArgument(List<FieldViolation> violations) {
            super(describe(violations), null);
            this.violations = List.copyOf(violations);
        }

        public InvalidArgument(String field, String description) {
            this(List.of(new FieldViolation(field, description)));
        }

        public List<FieldViolation> violations() {
            return violations;
        }

        private static String describe(List<FieldViolation> violations) {
            var first = violations.getFirst();
            var others = violations.size() - 1;
            return first.field() + " " + first.description() + (others == 0 ? "" : " (and " + others + " more)");
        }
    }

    /** NOT_FOUND: the patient, device or other object does not exist, or the caller may not know that it exists. */
    public static final class NotFound extends PlaneException {
        public NotFound(String message) {
            super(message, null);
        }
    }

    /** ALREADY_EXISTS: a value that must be unique is already in use. */
    public static final class AlreadyExists extends PlaneException {
        public AlreadyExists(String message) {
            super(message, null);
        }
    }

    /**
     * FAILED_PRECONDITION: the state of the plane does not allow the request; the message describes what must change.
     */
    public static final class FailedPrecondition extends PlaneException {
        public FailedPrecondition(String message) {
            super(message, null);
        }
    }

    /** RESOURCE_EXHAUSTED: a limit was reached. The caller can retry after the delay, unless the delay is zero. */
    public static final class ResourceExhausted extends PlaneException {

        private final Duration retryAfter;

        public ResourceExhausted(String message, Duration retryAfter) {
            super(message, null);
            this.retryAfter = retryAfter;
        }

        /** The request itself exceeds a limit, so that a retry is of no use. */
        public ResourceExhausted(String message) {
            this(message, Duration.ZERO);
        }

        public Duration retryAfter() {
            return retryAfter;
        }
    }

    /**
     * UNAVAILABLE: a server or disk that the plane needs does not answer, or the plane is stopping; nothing was lost.
     */
    public static final class Unavailable extends PlaneException {
        public Unavailable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** DEADLINE_EXCEEDED: the deadline passed before the answer was complete; the plane stopped the work. */
    public static final class DeadlineExceeded extends PlaneException {
        public DeadlineExceeded(String message) {
            super(message, null);
        }
    }

    /** DATA_LOSS: data on disk differs from the data that the plane wrote. */
    public static final class DataLoss extends PlaneException {
        public DataLoss(String message) {
            super(message, null);
        }
    }

    /**
     * UNAUTHENTICATED: the caller is not identified. The message names the kind of fault and never contains a token.
     */
    public static final class Unauthenticated extends PlaneException {
        public Unauthenticated(String message) {
            super(message, null);
        }
    }

    /**
     * PERMISSION_DENIED: the caller may not do this. The message is the same whether the requested object exists or
     * not.
     */
    public static final class PermissionDenied extends PlaneException {
        public PermissionDenied(String message) {
            super(message, null);
        }
    }
}
