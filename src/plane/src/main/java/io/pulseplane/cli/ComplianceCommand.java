package io.pulseplane.cli;

import io.pulseplane.node.compliance.ComplianceCheck;
import io.pulseplane.node.compliance.Control;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Checks what HIPAA and GDPR ask of a plane, as far as a program can. */
@Command(
        name = "compliance",
        description = "Check what HIPAA and GDPR ask of a plane, as far as a program can.",
        synopsisSubcommandLabel = "ACTION",
        subcommands = ComplianceCommand.Check.class)
final class ComplianceCommand {

    @Command(
            name = "check",
            description = {
                "Ask a running plane and look into its data directory, and print each control: pass, FAIL, or n/a.",
                "",
                "The exit status is 0 if no control fails, and 1 otherwise."
            })
    static final class Check implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Option(
                names = "--http",
                paramLabel = "URL",
                defaultValue = "http://localhost:8080",
                description = "The address of the plane's health and metrics. Default: ${DEFAULT-VALUE}")
        private URI http;

        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "data",
                description = "The plane's data directory. Default: ${DEFAULT-VALUE}")
        private Path dataDir;

        @Option(names = "--no-data-dir", description = "Do not look into a data directory: it is on another machine.")
        private boolean isRemote;

        @Option(names = "--json", description = "Print one line of JSON for each control, and one for the result.")
        private boolean json;

        @Override
        public Integer call() throws InterruptedException {
            var controls = ComplianceCheck.run(http, isRemote ? Optional.empty() : Optional.of(dataDir));
            var out = spec.commandLine().getOut();
            if (json) {
                printJson(controls, out);
            } else {
                print(controls, out);
            }
            out.flush();
            return count(controls, Control.Status.FAIL) == 0 ? 0 : ExitStatus.FAILED;
        }

        private static void print(List<Control> controls, PrintWriter out) {
            var table = new Table("RESULT", "CONTROL", "DETAIL", "REQUIREMENT");
            for (var control : controls) {
                var result =
                        switch (control.status()) {
                            case PASS -> "pass";
                            case FAIL -> "FAIL";
                            case NOT_APPLICABLE -> "n/a";
                        };
                table.row(result, control.id(), control.detail(), control.requirement());
            }
            table.print(out);
            out.println(count(controls, Control.Status.PASS) + " pass, " + count(controls, Control.Status.FAIL)
                    + " fail, " + count(controls, Control.Status.NOT_APPLICABLE) + " not applicable");
        }

        private static void printJson(List<Control> controls, PrintWriter out) {
            for (var control : controls) {
                out.println(new JsonObject()
                        .put("id", control.id())
                        .put("requirement", control.requirement())
                        .put("status", control.status().name())
                        .put("detail", control.detail())
                        .encode());
            }
            out.println(new JsonObject()
                    .put("passed", count(controls, Control.Status.PASS))
                    .put("failed", count(controls, Control.Status.FAIL))
                    .put("notApplicable", count(controls, Control.Status.NOT_APPLICABLE))
                    .encode());
        }

        private static long count(List<Control> controls, Control.Status status) {
            return controls.stream()
                    .filter(control -> control.status() == status)
                    .count();
        }
    }
}
