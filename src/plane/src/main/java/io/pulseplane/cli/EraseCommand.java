package io.pulseplane.cli;

import io.pulseplane.v1.ErasePatientRequest;
import io.pulseplane.v1.RegistryServiceGrpc;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Erases a patient. */
@Command(
        name = "erase",
        description = {
            "Erase a patient for good: the identity and all readings.",
            "The history of consent stays, without the identity, and so does the audit trail."
        })
final class EraseCommand implements Callable<Integer> {

    @Mixin
    private ConnectionOptions plane;

    @Spec
    private CommandSpec spec;

    @Option(names = "--patient", paramLabel = "ID", required = true, description = "The patient to erase.")
    private String patient;

    @Option(
            names = "--reason",
            paramLabel = "TEXT",
            required = true,
            description = "The reason, for the audit trail. It should not identify the patient.")
    private String reason;

    @Override
    public Integer call() throws Exception {
        return plane.as("clinical_admin", channel -> {
            var response = RegistryServiceGrpc.newBlockingStub(channel)
                    .erasePatient(ErasePatientRequest.newBuilder()
                            .setPatientId(patient)
                            .setReason(reason)
                            .build());
            spec.commandLine()
                    .getOut()
                    .println(
                            plane.json()
                                    ? Json.line(response)
                                    : patient + ": erased " + Times.format(response.getErasedUs()));
            spec.commandLine().getOut().flush();
            return 0;
        });
    }
}
