package io.pulseplane.cli;

import io.pulseplane.node.AuditTrailVerification;
import io.pulseplane.v1.AuditRecord;
import io.pulseplane.v1.AuditServiceGrpc;
import io.pulseplane.v1.Decision;
import io.pulseplane.v1.ListRecordsRequest;
import io.pulseplane.v1.Order;
import io.pulseplane.vitals.EpochMicros;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Reads, verifies and anchors the audit trail. */
@Command(
        name = "audit",
        description = "Read, verify or anchor the audit trail.",
        synopsisSubcommandLabel = "ACTION",
        subcommands = {AuditCommand.ListRecords.class, AuditCommand.Verify.class, AuditCommand.AnchorEnd.class})
final class AuditCommand {

    @Command(name = "list", description = "List records of the audit trail. The listing is recorded as well.")
    static final class ListRecords implements Callable<Integer> {

        @Mixin
        private ConnectionOptions plane;

        @Spec
        private CommandSpec spec;

        @Option(
                names = "--from",
                paramLabel = "TIME",
                converter = Times.InstantConverter.class,
                description = "Start, inclusive: ISO 8601, now, or -15m. Default: the oldest record")
        private Instant from;

        @Option(
                names = "--to",
                paramLabel = "TIME",
                converter = Times.InstantConverter.class,
                description = "End, exclusive. Default: the newest record")
        private Instant to;

        @Option(names = "--subject", paramLabel = "NAME", description = "Only calls of this caller. Default: all")
        private String subject = "";

        @Option(
                names = "--action",
                paramLabel = "ACTION",
                description = "Only this action, such as query or ingest. Default: all")
        private String action = "";

        @Option(names = "--patient", paramLabel = "ID", description = "Only calls about this patient. Default: all")
        private String patient = "";

        @Option(names = "--refused", description = "Only refused calls.")
        private boolean refused;

        @Option(names = "--limit", paramLabel = "N", description = "At most this many records. Default: all")
        private long limit;

        @Option(names = "--newest-first", description = "Newest records first. Default: oldest first")
        private boolean newestFirst;

        @Override
        public Integer call() throws Exception {
            var request = ListRecordsRequest.newBuilder()
                    .setSubject(subject)
                    .setAction(action)
                    .setPatientId(patient)
                    .setDecision(refused ? Decision.DECISION_REFUSED : Decision.DECISION_UNSPECIFIED)
                    .setLimit(limit)
                    .setOrder(newestFirst ? Order.ORDER_NEWEST_FIRST : Order.ORDER_OLDEST_FIRST);
            if (from != null) {
                request.setFromUs(EpochMicros.of(from));
            }
            if (to != null) {
                request.setToUs(EpochMicros.of(to));
            }
            return plane.as("auditor", channel -> {
                var responses = AuditServiceGrpc.newBlockingStub(channel).listRecords(request.build());
                while (responses.hasNext()) {
                    responses.next().getRecordsList().forEach(this::print);
                }
                return 0;
            });
        }

        private void print(AuditRecord record) {
            var out = spec.commandLine().getOut();
            if (plane.json()) {
                out.println(Json.line(record));
            } else {
                out.println(String.join(
                        "  ",
                        Long.toUnsignedString(record.getNumber()),
                        Times.format(record.getTimeUs()),
                        record.getDecision() == Decision.DECISION_PERMITTED ? "permitted" : "REFUSED",
                        record.getAction(),
                        orDash(nameOr(record.getSubject(), record.getSubjectHash())),
                        orDash(record.getRole()),
                        patientOrDevice(record),
                        record.getCodesCount() == 0 ? "all" : String.join(",", record.getCodesList()),
                        record.getUnproven() ? String.join(",", record.getReason(), "unproven") : record.getReason()));
            }
            out.flush();
        }

        private static String patientOrDevice(AuditRecord record) {
            var patient = nameOr(record.getPatientId(), record.getPatientHash());
            return patient.isEmpty() ? orDash(record.getDeviceId()) : patient;
        }

        /** The hash of a patient whom the plane does not know, or knows no more, instead of a name. */
        private static String nameOr(String name, String hash) {
            return name.isEmpty() && !hash.isEmpty() ? "patient#" + hash : name;
        }

        private static String orDash(String text) {
            return text.isEmpty() ? "-" : text;
        }
    }

    @Command(
            name = "verify",
            description = {
                "Check that nobody changed the audit trail, and report where it was changed.",
                "",
                "The command reads the files. The plane may be running or not."
            })
    static final class Verify implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "data",
                description = "The plane's data directory. Default: ${DEFAULT-VALUE}")
        private Path dataDir;

        @Option(
                names = "--directory",
                paramLabel = "DIR",
                description = "The directory of the audit trail. Default: audit in the data directory")
        private Path directory;

        @Option(
                names = "--public-key",
                paramLabel = "FILE",
                description = "The node's public key (PEM). Keep it where nobody who can change the trail can change "
                        + "it. Default: node.pub in the trail's directory")
        private Path publicKey;

        @Option(
                names = "--anchors",
                paramLabel = "FILE",
                description = "Also check that the trail has the ends that were kept in this file: one that audit "
                        + "anchor appended to, or a log")
        private Path anchors;

        @Override
        public Integer call() {
            return print(
                    spec,
                    AuditTrailVerification.verify(
                            directory != null ? directory : dataDir.resolve("audit"),
                            Optional.ofNullable(publicKey),
                            Optional.ofNullable(anchors)));
        }
    }

    @Command(
            name = "anchor",
            description = {
                "Hand the signed end of the audit trail to places that keep it.",
                "",
                "Later, audit verify --anchors proves that the trail still has it, whoever has the signing key. The "
                        + "command reads the files. The plane may be running or not."
            })
    static final class AnchorEnd implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Option(
                names = "--to",
                required = true,
                paramLabel = "PLACE",
                description = "file:PATH, to which a line is appended; or a syslog server, syslog+udp://HOST:PORT or "
                        + "syslog+tcp://HOST:PORT. May be given several times")
        private List<String> places;

        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "data",
                description = "The plane's data directory. Default: ${DEFAULT-VALUE}")
        private Path dataDir;

        @Option(
                names = "--directory",
                paramLabel = "DIR",
                description = "The directory of the audit trail. Default: audit in the data directory")
        private Path directory;

        @Option(
                names = "--public-key",
                paramLabel = "FILE",
                description = "The node's public key (PEM). Default: node.pub in the trail's directory")
        private Path publicKey;

        @Override
        public Integer call() {
            return print(
                    spec,
                    AuditTrailVerification.anchor(
                            directory != null ? directory : dataDir.resolve("audit"),
                            Optional.ofNullable(publicKey),
                            places));
        }
    }

    private static int print(CommandSpec spec, AuditTrailVerification.Report report) {
        var writer = report.succeeded()
                ? spec.commandLine().getOut()
                : spec.commandLine().getErr();
        report.lines().forEach(writer::println);
        writer.flush();
        return report.succeeded() ? 0 : ExitStatus.FAILED;
    }
}
