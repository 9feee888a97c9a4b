package io.pulseplane.cli.backup;

import io.pulseplane.node.StoreFiles.Report;
import io.pulseplane.vitals.PlaneException;
import java.util.function.Supplier;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;

/** Prints what a command reports. */
final class Reports {

    static final int USAGE = ExitCode.USAGE;

    private Reports() {}

    /** Prints the report, or why the work was refused: that is no error of the program. Returns the exit status. */
    static int print(CommandSpec spec, Supplier<Report> work) {
        Report report;
        try {
            report = work.get();
        } catch (PlaneException e) {
            spec.commandLine().getErr().println("pulseplane: " + e.getMessage());
            return ExitCode.SOFTWARE;
        }
        var out = spec.commandLine().getOut();
        report.lines().forEach(out::println);
        out.flush();
        return report.intact() ? ExitCode.OK : ExitCode.SOFTWARE;
    }
}
