package io.pulseplane.vitals;

import java.util.Arrays;
import java.util.List;

/**
 * The readings of one block that the plane rejected for one reason.
 *
 * @param code the code of the block
 * @param indexes the indexes of the readings in the block as the device sent it, ascending
 */
public record Rejection(String code, Reason reason, int[] indexes) {

    /**
     * Why the plane rejects a reading. Stores keep the ordinal, and metrics show the name: a new reason goes to the
     * end, and no reason may be renamed or removed.
     */
    public enum Reason {
        NOT_FINITE,
        IMPLAUSIBLE,
        WRONG_UNIT,
        UNKNOWN_CODE,
        /** Not final: when the batch comes again, the plane screens it by the time of then. */
        IN_THE_FUTURE,
        BEFORE_EPOCH,
        PRESSURES_CROSSED,
        CONFLICTING_VALUE,
        /** The time is before the earliest that the plane is configured to take. */
        TOO_OLD,
        /** The time is in seconds, milliseconds or nanoseconds. */
        TIME_IN_ANOTHER_UNIT,
        /** The magnitude of the value betrays that it is in another unit than the batch says. */
        VALUE_IN_ANOTHER_UNIT,
        /**
         * The device is not assigned to the patient at this time. Not final: when the batch comes again, the plane
         * looks at the assignments of then.
         */
        NOT_ASSIGNED
    }

    /** Returns whether one of the rejections has this reason. */
    public static boolean contains(List<Rejection> rejections, Reason reason) {
        for (var rejection : rejections) {
            if (rejection.reason == reason) {
                return true;
            }
        }
        return false;
    }

    public int size() {
        return indexes.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Rejection that
                && code.equals(that.code)
                && reason == that.reason
                && Arrays.equals(indexes, that.indexes);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * code.hashCode() + reason.hashCode()) + Arrays.hashCode(indexes);
    }

    @Override
    public String toString() {
        return "Rejection[" + code + ", " + reason + ", " + indexes.length + "]";
    }
}
