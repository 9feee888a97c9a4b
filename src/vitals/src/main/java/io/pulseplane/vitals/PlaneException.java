package io.pulseplane.vitals;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;

/**
 * Every way the plane says no, each with a gRPC status of its own.
 *
 * <p>Messages are for the caller: they say what was wrong and what would be right, and never carry a patient's data, a
 * statement of SQL or a path. Problems are ordinary answers, so they carry no stack trace; an error of the program is
 * some other exception.
 */
@SuppressWarnings("serial") // thrown within one process
public abstract sealed class PlaneException extends RuntimeException {

    private PlaneException(String message, Throwable cause) {
        super(message, cause, false, false);
    }

    /**
     * What made a stage fail. A stage that depends on a failed one wraps the failure, and the first one does not, so
     * whoever looks at a failure cannot know which it has.
     *
     * @param failure null is given back as null
     */
    public static Throwable unwrap(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** One field that is not as it should be. The path is that of the request: {@code batch.columns[2].values}. */
    public record FieldViolation(String field, String description) implements Serializable {}

    /** INVALID_ARGUMENT: the request is malformed, and would be on any other day. */
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
            var rest = violations.size() - 1;
            return first.field() + " " + first.description() + (rest == 0 ? "" : " (and " + rest + " more)");
        }
    }

    /** NOT_FOUND: there is no such thing, or the caller may not know of it. */
    public static final class NotFound extends PlaneException {
        public NotFound(String message) {
            super(message, null);
        }
    }

    /** ALREADY_EXISTS: something that must be unique is taken. */
    public static final class AlreadyExists extends PlaneException {
        public AlreadyExists(String message) {
            super(message, null);
        }
    }

    /** FAILED_PRECONDITION: something else has to be done first. */
    public static final class FailedPrecondition extends PlaneException {
        public FailedPrecondition(String message) {
            super(message, null);
        }
    }

    /** RESOURCE_EXHAUSTED: a bound was hit; trying again after the delay makes sense, unless the delay is zero. */
    public static final class ResourceExhausted extends PlaneException {

        private final Duration retryAfter;

        public ResourceExhausted(String message, Duration retryAfter) {
            super(message, null);
            this.retryAfter = retryAfter;
        }

        /** The request itself is too large, and will be on any other day. */
        public ResourceExhausted(String message) {
            this(message, Duration.ZERO);
        }

        public Duration retryAfter() {
            return retryAfter;
        }
    }

    /** UNAVAILABLE: something the plane needs does not answer, or the plane is stopping; nothing was lost. */
    public static final class Unavailable extends PlaneException {
        public Unavailable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** DEADLINE_EXCEEDED: the time was up before the answer was there; the work was stopped. */
    public static final class DeadlineExceeded extends PlaneException {
        public DeadlineExceeded(String message) {
            super(message, null);
        }
    }

    /** DATA_LOSS: what is on disk is not what was written. */
    public static final class DataLoss extends PlaneException {
        public DataLoss(String message) {
            super(message, null);
        }
    }

    /** UNAUTHENTICATED: who is calling is not known. The message names the kind of fault and never echoes a token. */
    public static final class Unauthenticated extends PlaneException {
        public Unauthenticated(String message) {
            super(message, null);
        }
    }

    /** PERMISSION_DENIED: the caller may not do this. The message is the same whether what was asked for exists or not. */
    public static final class PermissionDenied extends PlaneException {
        public PermissionDenied(String message) {
            super(message, null);
        }
    }
}
