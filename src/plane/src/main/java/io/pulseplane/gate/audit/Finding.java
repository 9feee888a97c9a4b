package io.pulseplane.gate.audit;

/**
 * Where a log is not as it was written. Holds digests and numbers, nothing that stands in a record.
 *
 * <p>Lines and records count from 1; 0 where there is none to name. An altered record is found at the end of its group at
 * the latest, so the place may be a group further than the change.
 */
public sealed interface Finding {

    String file();

    long line();

    long record();

    String expected();

    String found();

    /** Bytes were changed, or lines were removed, added or moved. */
    record Altered(String file, long line, long record, String expected, String found) implements Finding {}

    /** A segment does not continue the one before it, or is not the one of its name. */
    record Misplaced(String file, long line, long record, String expected, String found) implements Finding {}

    /** The log ends, or a segment does, before it should. */
    record Truncated(String file, long line, long record, String expected, String found) implements Finding {}

    /** What must be signed with the node's key is not. */
    record Forged(String file, long line, long record, String expected, String found) implements Finding {}

    /** A file that must be there is not. */
    record Missing(String file, String expected, String found) implements Finding {

        @Override
        public long line() {
            return 0;
        }

        @Override
        public long record() {
            return 0;
        }
    }
}
