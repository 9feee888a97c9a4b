package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.ErasePatientRequest;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetPatientRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.vitals.EpochMicros;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Puts an older backup in the place of a site's database while its planes run. */
class RestoreIT {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    @TempDir
    Path backup;

    private ChaosSite.PlaneComponent one;
    private ChaosSite.PlaneComponent two;

    @Test
    void planes_forget_what_is_gone_and_keep_what_patients_decided() throws Exception {
        try (var site = new ChaosSite(directory)) {
            one = site.one;
            two = site.two;
            long start = EpochMicros.now();
            for (var patient : new String[] {"keeper", "withdrawer", "leaver"}) {
                put(patient, 1, start, 60);
                consent(patient, true);
            }
            site.postgres.backUp(backup);
            untilAnswered(() -> assertThat(latest(one, "keeper")).isEqualTo(60));

            put("keeper", 2, start + 1_000_000, 61);
            consent("withdrawer", false);
            registry(one)
                    .erasePatient(ErasePatientRequest.newBuilder()
                            .setPatientId("leaver")
                            .setReason("requested by the patient")
                            .build());
            untilAnswered(() -> assertThat(latest(two, "keeper")).isEqualTo(61));

            site.postgres.restore(backup);
            for (var plane : site.planes()) {
                untilAnswered(() -> assertThat(latest(plane, "keeper")).isEqualTo(60));
                untilAnswered(() -> assertThatThrownBy(() -> latest(plane, "withdrawer"))
                        .isInstanceOfSatisfying(
                                StatusRuntimeException.class,
                                e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED)));
                untilAnswered(() -> assertThatThrownBy(() -> registry(plane)
                                .getPatient(GetPatientRequest.newBuilder()
                                        .setPatientId("leaver")
                                        .build()))
                        .isInstanceOfSatisfying(
                                StatusRuntimeException.class,
                                e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND)));
            }
            assertThat(one.instance().plane().log()).contains("the plane forgets what it remembers");

            put("keeper", 2, start + 1_000_000, 61);
            untilAnswered(
                    () -> assertThat(latest(two, "keeper")).as("sent again").isEqualTo(61));
        }
    }

    /** Right after a restart of the server, calls may fail; what they answer must be right in the end, and stay so. */
    private static void untilAnswered(ThrowingRunnable assertion) {
        Awaitility.await().atMost(TIMEOUT).untilAsserted(assertion);
    }

    private static Channel as(ChaosSite.PlaneComponent plane, String role) {
        return plane.instance().plane().as(plane.instance().channel(), role);
    }

    private static RegistryServiceGrpc.RegistryServiceBlockingStub registry(ChaosSite.PlaneComponent plane) {
        return RegistryServiceGrpc.newBlockingStub(as(plane, "clinical_admin"));
    }

    private void put(String patient, long sequence, long time, double value) throws IOException {
        var device = "monitor-of-" + patient;
        var channel = one.instance().plane().asDevice(one.instance().channel(), device);
        IngestServiceGrpc.newBlockingStub(channel)
                .putReadings(PutReadingsRequest.newBuilder()
                        .setBatch(Batch.newBuilder()
                                .setDeviceId(device)
                                .setPatientId(patient)
                                .setSequence(sequence)
                                .addColumns(Columns.newBuilder()
                                        .setCode("8867-4")
                                        .setUnit("/min")
                                        .setStartUs(time)
                                        .addTimeDeltaUs(0)
                                        .addValues(value)))
                        .build());
    }

    private void consent(String patient, boolean granted) {
        registry(one)
                .putConsent(PutConsentRequest.newBuilder()
                        .setConsent(Consent.newBuilder().setPatientId(patient).setGranted(granted))
                        .build());
    }

    private static double latest(ChaosSite.PlaneComponent plane, String patient) {
        return QueryServiceGrpc.newBlockingStub(as(plane, "authorized_medical_staff"))
                .getLatest(GetLatestRequest.newBuilder().setPatientId(patient).build())
                .getReadings(0)
                .getValue();
    }
}
