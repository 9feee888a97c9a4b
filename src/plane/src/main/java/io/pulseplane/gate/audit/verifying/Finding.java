package io.pulseplane.gate.audit.verifying;

/**
 * A place where a trail is not as it was written. It has digests and numbers, and no text of a record.
 *
 * <p>Lines and records count from 1; 0 means that there is none to name. The verifier finds an altered record at the
 * end of its group at the latest, so the line may be up to one group after the change.
 */
public sealed interface Finding {

    String file();

    long line();

    long record();

    String expected();

    String found();

    /** Bytes were changed, or lines were removed, added or moved. */
    record Altered(String file, long line, long record, String expected, String found) implements Finding {}

    /** A segment does not continue the one before it, or its header has another number than its file name. */
    record Misplaced(String file, long line, long record, String expected, String found) implements Finding {}

    /** The trail or a segment ends too early. */
    record Truncated(String file, long line, long record, String expected, String found) implements Finding {}

    /** The trail has not what was kept of it elsewhere: it was written anew, or cut off. */
    record Unanchored(String file, long line, long record, String expected, String found) implements Finding {}

    /** Lines at the end of the newest segment are not covered by a digest, and stay so. */
    record Unchained(String file, long line, long record, String expected, String found) implements Finding {}

    /** A line that needs a signature has none of this node's key. */
    record Forged(String file, long line, long record, String expected, String found) implements Finding {}

    /** A file does not exist. */
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
