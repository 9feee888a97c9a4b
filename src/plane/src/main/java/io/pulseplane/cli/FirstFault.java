package io.pulseplane.cli;

import io.pulseplane.cli.recording.Fault;
import java.util.Optional;
import java.util.function.Consumer;

/** Counts the lines of a recording that were left out, and describes the first. */
final class FirstFault implements Consumer<Fault> {

    private final IngestSummary summary;
    private Fault first;

    FirstFault(IngestSummary summary) {
        this.summary = summary;
    }

    @Override
    public void accept(Fault fault) {
        summary.unread(fault);
        if (first == null) {
            first = fault;
        }
    }

    /** Empty if every line was read. */
    Optional<String> description() {
        return Optional.ofNullable(first)
                .map(fault -> summary.unread() + " lines could not be read and were left out; the first is line "
                        + fault.line() + ", column " + fault.column() + ": " + fault.detail());
    }
}
