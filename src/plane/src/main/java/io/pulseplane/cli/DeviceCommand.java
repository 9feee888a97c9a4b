package io.pulseplane.cli;

import com.google.protobuf.Message;
import io.pulseplane.v1.AssignDeviceRequest;
import io.pulseplane.v1.Assignment;
import io.pulseplane.v1.ListAssignmentsRequest;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import io.pulseplane.v1.ReleaseDeviceRequest;
import io.pulseplane.vitals.EpochMicros;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.function.ToIntFunction;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Puts devices on patients and takes them off. */
@Command(
        name = "device",
        description = {
            "Put devices on patients, take them off, and show which device is on which patient.",
            "",
            "Unless the plane is configured otherwise, queries of a patient leave out the readings of devices that "
                    + "nobody put on the patient."
        },
        synopsisSubcommandLabel = "ACTION",
        subcommands = {DeviceCommand.Assign.class, DeviceCommand.Release.class, DeviceCommand.Show.class})
final class DeviceCommand {

    /** What all actions have in common. */
    abstract static class Subcommand {

        @Mixin
        ConnectionOptions plane;

        @Spec
        CommandSpec spec;

        int call(ToIntFunction<RegistryServiceBlockingStub> work) throws Exception {
            return plane.as(
                    DeviceAssigner.ROLE, channel -> work.applyAsInt(RegistryServiceGrpc.newBlockingStub(channel)));
        }

        void print(Message message, String line) {
            spec.commandLine().getOut().println(plane.json() ? Json.line(message) : line);
            spec.commandLine().getOut().flush();
        }
    }

    @Command(name = "assign", description = "Put a device on a patient, and so take it off the one that it was on.")
    static final class Assign extends Subcommand implements Callable<Integer> {

        @Option(names = "--device", paramLabel = "ID", required = true, description = "The device.")
        private String device;

        @Option(names = "--patient", paramLabel = "ID", required = true, description = "The patient.")
        private String patient;

        @Option(
                names = "--from",
                paramLabel = "TIME",
                converter = Times.InstantConverter.class,
                description = "Since when, inclusive: ISO 8601, now, or -15m. Default: now")
        private Instant from;

        @Override
        public Integer call() throws Exception {
            var request = AssignDeviceRequest.newBuilder().setDeviceId(device).setPatientId(patient);
            if (from != null) {
                request.setFromUs(EpochMicros.of(from));
            }
            return call(registry -> {
                var response = registry.assignDevice(request.build());
                print(
                        response,
                        device + ": on " + patient + " since "
                                + Times.format(response.getAssignment().getFromUs()));
                return ExitStatus.OK;
            });
        }
    }

    @Command(name = "release", description = "Take a device off its patient.")
    static final class Release extends Subcommand implements Callable<Integer> {

        @Option(names = "--device", paramLabel = "ID", required = true, description = "The device.")
        private String device;

        @Option(
                names = "--until",
                paramLabel = "TIME",
                converter = Times.InstantConverter.class,
                description = "Until when, exclusive: ISO 8601, now, or -15m. Default: now")
        private Instant until;

        @Override
        public Integer call() throws Exception {
            var request = ReleaseDeviceRequest.newBuilder().setDeviceId(device);
            if (until != null) {
                request.setToUs(EpochMicros.of(until));
            }
            return call(registry -> {
                var response = registry.releaseDevice(request.build());
                var assignment = response.getAssignment();
                print(
                        response,
                        device + ": on " + assignment.getPatientId() + " until " + Times.format(assignment.getToUs()));
                return ExitStatus.OK;
            });
        }
    }

    /** Of which device or patient. */
    static final class SubjectOptions {

        @Option(names = "--device", paramLabel = "ID", description = "Only this device.")
        private String device;

        @Option(names = "--patient", paramLabel = "ID", description = "Only devices of this patient.")
        private String patient;
    }

    @Command(
            name = "show",
            description = {
                "List which device is or was on which patient, newest first.",
                "",
                "What the plane assumed of a device that wrote before anybody assigned it is provisional, and does not "
                        + "count before device assign confirms it."
            })
    static final class Show extends Subcommand implements Callable<Integer> {

        @ArgGroup
        private SubjectOptions subject = new SubjectOptions();

        @Option(names = "--current", description = "Only what has not ended.")
        private boolean currentOnly;

        @Override
        public Integer call() throws Exception {
            var request = ListAssignmentsRequest.newBuilder().setCurrentOnly(currentOnly);
            if (subject.device != null) {
                request.setDeviceId(subject.device);
            } else if (subject.patient != null) {
                request.setPatientId(subject.patient);
            }
            return call(registry -> {
                var table = new Table("DEVICE", "PATIENT", "FROM", "UNTIL", "");
                do {
                    var page = registry.listAssignments(request.build());
                    page.getAssignmentsList().forEach(assignment -> show(assignment, table));
                    request.setPageToken(page.getNextPageToken());
                } while (!request.getPageToken().isEmpty());
                if (!plane.json()) {
                    table.print(spec.commandLine().getOut());
                    spec.commandLine().getOut().flush();
                }
                return ExitStatus.OK;
            });
        }

        private void show(Assignment assignment, Table table) {
            if (plane.json()) {
                print(assignment, "");
                return;
            }
            table.row(
                    assignment.getDeviceId(),
                    assignment.getPatientId(),
                    Times.format(assignment.getFromUs()),
                    assignment.hasToUs() ? Times.format(assignment.getToUs()) : "",
                    assignment.getProvisional() ? "provisional" : "");
        }
    }
}
