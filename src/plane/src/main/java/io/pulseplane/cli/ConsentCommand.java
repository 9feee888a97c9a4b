package io.pulseplane.cli;

import io.pulseplane.v1.ListConsentsRequest;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.vitals.EpochMicros;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Grants, withdraws and shows the consent of patients. */
@Command(
        name = "consent",
        description = "Grant, withdraw or show patients' consent to queries of their readings.",
        synopsisSubcommandLabel = "ACTION",
        subcommands = {ConsentCommand.Grant.class, ConsentCommand.Withdraw.class, ConsentCommand.Show.class})
final class ConsentCommand {

    private static final String ROLE = "clinical_admin";

    /** What all actions have in common. */
    abstract static class Subcommand {

        @Mixin
        ConnectionOptions plane;

        @Spec
        CommandSpec spec;

        int record(List<io.pulseplane.v1.Consent> consents) throws Exception {
            return plane.as(ROLE, channel -> {
                var registry = RegistryServiceGrpc.newBlockingStub(channel);
                for (var consent : consents) {
                    var response = registry.putConsent(
                            PutConsentRequest.newBuilder().setConsent(consent).build());
                    if (plane.json()) {
                        print(Json.line(response));
                    } else {
                        print(response.getConsent().getPatientId() + ": consent "
                                + (consent.getGranted() ? "granted" : "withdrawn"));
                    }
                }
                return 0;
            });
        }

        void print(String line) {
            spec.commandLine().getOut().println(line);
            spec.commandLine().getOut().flush();
        }
    }

    @Command(name = "grant", description = "Allow queries of these patients' readings.")
    static final class Grant extends Subcommand implements Callable<Integer> {

        @Option(names = "--patient", paramLabel = "ID", required = true, description = "The patient; repeat for more.")
        private List<String> patients;

        @Option(
                names = "--code",
                paramLabel = "LOINC",
                split = ",",
                description = "Only these codes; repeat or separate by commas. Default: all")
        private List<String> codes = List.of();

        @Option(
                names = "--from",
                paramLabel = "TIME",
                converter = Times.InstantConverter.class,
                description = "Start of the consent, inclusive: ISO 8601, now, or -15m. Default: now")
        private Instant from;

        @Option(
                names = "--until",
                paramLabel = "TIME",
                converter = Times.InstantConverter.class,
                description = "End of the consent, exclusive. Default: no end")
        private Instant until;

        @Override
        public Integer call() throws Exception {
            return record(patients.stream().map(this::grant).toList());
        }

        private io.pulseplane.v1.Consent grant(String patient) {
            var consent = io.pulseplane.v1.Consent.newBuilder()
                    .setPatientId(patient)
                    .setGranted(true)
                    .addAllCodes(codes);
            if (from != null) {
                consent.setFromUs(EpochMicros.of(from));
            }
            if (until != null) {
                consent.setToUs(EpochMicros.of(until));
            }
            return consent.build();
        }
    }

    @Command(name = "withdraw", description = "Forbid queries of these patients' readings from now on.")
    static final class Withdraw extends Subcommand implements Callable<Integer> {

        @Option(names = "--patient", paramLabel = "ID", required = true, description = "The patient; repeat for more.")
        private List<String> patients;

        @Override
        public Integer call() throws Exception {
            return record(patients.stream()
                    .map(patient -> io.pulseplane.v1.Consent.newBuilder()
                            .setPatientId(patient)
                            .build())
                    .toList());
        }
    }

    @Command(name = "show", description = "List all grants and withdrawals of a patient, newest first.")
    static final class Show extends Subcommand implements Callable<Integer> {

        @Option(names = "--patient", paramLabel = "ID", required = true, description = "The patient.")
        private String patient;

        @Override
        public Integer call() throws Exception {
            return plane.as(ROLE, channel -> {
                var registry = RegistryServiceGrpc.newBlockingStub(channel);
                var table = new Table("RECORDED", "BY", "CONSENT", "FROM", "UNTIL", "CODES");
                var request = ListConsentsRequest.newBuilder().setPatientId(patient);
                do {
                    var page = registry.listConsents(request.build());
                    for (var consent : page.getConsentsList()) {
                        show(consent, table);
                    }
                    request.setPageToken(page.getNextPageToken());
                } while (!request.getPageToken().isEmpty());
                if (!plane.json()) {
                    table.print(spec.commandLine().getOut());
                }
                return 0;
            });
        }

        private void show(io.pulseplane.v1.Consent consent, Table table) {
            if (plane.json()) {
                print(Json.line(consent));
                return;
            }
            table.row(
                    Times.format(consent.getRecordedUs()),
                    consent.getRecordedBy(),
                    consent.getGranted() ? "granted" : "withdrawn",
                    consent.hasFromUs() ? Times.format(consent.getFromUs()) : "",
                    consent.hasToUs() ? Times.format(consent.getToUs()) : "",
                    consent.getGranted() && consent.getCodesCount() == 0
                            ? "all"
                            : String.join(",", consent.getCodesList()));
        }
    }
}
