package io.pulseplane.cli;

import io.pulseplane.node.LocalTokens;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Prints a token and nothing else, so that it can stand in another command. */
@Command(
        name = "token",
        description = {
            "Print a token made with the key in the plane's data directory.",
            "",
            "A plane that has a JWKS configured does not take it."
        })
final class TokenCommand implements Callable<Integer> {

    private static final int FAILED = 1;

    /** What picocli offers when somebody asks for help or a completion. */
    static final class RoleCandidates implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return LocalTokens.roles().iterator();
        }
    }

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--role",
            paramLabel = "ROLE",
            required = true,
            split = ",",
            completionCandidates = RoleCandidates.class,
            description = "What the bearer is: ${COMPLETION-CANDIDATES}; repeat or separate by commas for more.")
    private List<String> roles;

    @Option(
            names = "--subject",
            paramLabel = "NAME",
            description = "Who the bearer is, for the audit trail. Default: the patient, the device or 'local'")
    private String subject;

    @Option(names = "--patient", paramLabel = "ID", description = "The patient that the bearer is.")
    private String patient;

    @Option(names = "--device", paramLabel = "ID", description = "The device that the bearer is.")
    private String device;

    @Option(
            names = "--tenant",
            paramLabel = "NAME",
            defaultValue = "${env:PULSEPLANE_TENANT:-" + LocalTokens.DEFAULT_TENANT + "}",
            description = "The plane's tenant. Default: PULSEPLANE_TENANT in the environment, or "
                    + LocalTokens.DEFAULT_TENANT)
    private String tenant;

    @Option(
            names = "--ttl",
            paramLabel = "DURATION",
            defaultValue = "1h",
            converter = Times.DurationConverter.class,
            description = "How long it is good, up to 30d. Default: ${DEFAULT-VALUE}")
    private Duration ttl;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "data",
            description = "Where the plane keeps everything. Default: ${DEFAULT-VALUE}")
    private Path dataDir;

    @Override
    public Integer call() {
        var wanted = new LocalTokens.Claims(
                subject(),
                roles,
                tenant,
                requireNotEmpty("--patient", patient),
                requireNotEmpty("--device", device),
                ttl);
        try {
            spec.commandLine().getOut().println(LocalTokens.issue(dataDir, wanted));
            return 0;
        } catch (PlaneException.InvalidArgument e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
        } catch (IOException e) {
            spec.commandLine().getErr().println("pulseplane: " + e.getMessage());
            return FAILED;
        }
    }

    private String subject() {
        if (subject != null) {
            return subject;
        }
        return patient != null ? patient : device != null ? device : "local";
    }

    /** An id that is given but empty is a variable that was not set, and not a token without an id. */
    private String requireNotEmpty(String option, String id) {
        if (id != null && id.isEmpty()) {
            throw new ParameterException(spec.commandLine(), option + " must not be empty");
        }
        return id == null ? "" : id;
    }
}
