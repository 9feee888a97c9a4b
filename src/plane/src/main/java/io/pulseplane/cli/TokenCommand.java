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

/** Prints a token and nothing else, so that the shell can pass it to another command. */
@Command(
        name = "token",
        description = {
            "Print a token made with the key in the plane's data directory.",
            "",
            "A plane with a configured JWKS refuses such tokens."
        })
final class TokenCommand implements Callable<Integer> {

    /** The roles that picocli shows in help and offers as completions. */
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
            description = "The roles of the caller: ${COMPLETION-CANDIDATES}; repeat or separate by commas.")
    private List<String> roles;

    @Option(
            names = "--subject",
            paramLabel = "NAME",
            description = "The caller's name in the audit trail. Default: the patient, the device or 'local'")
    private String subject;

    @Option(names = "--patient", paramLabel = "ID", description = "The caller's id as a patient.")
    private String patient;

    @Option(names = "--device", paramLabel = "ID", description = "The caller's id as a device.")
    private String device;

    @Option(
            names = "--writes-for",
            paramLabel = "ID",
            split = ",",
            description =
                    "The patients that the device may write for, on a plane with pulseplane.ingest.patients=claimed;"
                            + " repeat or separate by commas.")
    private List<String> writesFor = List.of();

    @Option(
            names = "--tenant",
            paramLabel = "NAME",
            defaultValue = "${env:PULSEPLANE_TENANT:-" + LocalTokens.DEFAULT_TENANT + "}",
            description = "The plane's tenant. Default: PULSEPLANE_TENANT in the environment, or "
                    + LocalTokens.DEFAULT_TENANT)
    private String tenant;

    @Option(
            names = "--rpc",
            paramLabel = "NAME",
            description = "The only call that accepts the token, such as pulseplane.v1.QueryService/GetLatest. "
                    + "Default: all that the roles may call")
    private String rpc;

    @Option(
            names = "--ttl",
            paramLabel = "DURATION",
            defaultValue = "1h",
            converter = Times.DurationConverter.class,
            description = "How long the token is valid, up to 30d. Default: ${DEFAULT-VALUE}")
    private Duration ttl;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "data",
            description = "The plane's data directory. Default: ${DEFAULT-VALUE}")
    private Path dataDir;

    @Override
    public Integer call() {
        var claims = new LocalTokens.Claims(
                subject(),
                roles,
                tenant,
                requireNotEmpty("--patient", patient),
                requireNotEmpty("--device", device),
                ttl,
                requireNotEmpty("--rpc", rpc),
                writesFor);
        try {
            spec.commandLine().getOut().println(LocalTokens.issue(dataDir, claims));
            return 0;
        } catch (PlaneException.InvalidArgument e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage());
        } catch (IOException e) {
            spec.commandLine().getErr().println("pulseplane: " + e.getMessage());
            return ExitStatus.FAILED;
        }
    }

    private String subject() {
        if (subject != null) {
            return subject;
        }
        return patient != null ? patient : device != null ? device : "local";
    }

    /**
     * Refuses an empty id: it comes from a shell variable that was not set, and the user wants no token without an id.
     */
    private String requireNotEmpty(String option, String id) {
        if (id != null && id.isEmpty()) {
            throw new ParameterException(spec.commandLine(), option + " must not be empty");
        }
        return id == null ? "" : id;
    }
}
