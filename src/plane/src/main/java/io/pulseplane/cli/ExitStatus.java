package io.pulseplane.cli;

import picocli.CommandLine.ExitCode;

/** The statuses that commands end with. Scripts rely on them; {@code command-line.md} lists them. */
final class ExitStatus {

    static final int OK = ExitCode.OK;

    /** The plane said no, a check did not pass, or a file cannot be used. */
    static final int FAILED = ExitCode.SOFTWARE;

    static final int USAGE = ExitCode.USAGE;

    /** Some readings were left out: lines that cannot be read, or readings that the plane rejected. */
    static final int INCOMPLETE = 3;

    /** There was nothing to send. */
    static final int NOTHING_SENT = 4;

    /** No plane answers, or it has no room or time now. The same command may succeed later. */
    static final int TRY_LATER = 5;

    /** Nobody reads the output any more: 128 and the number of SIGPIPE, as a shell reports it. */
    static final int OUTPUT_CLOSED = 141;

    private ExitStatus() {}
}
