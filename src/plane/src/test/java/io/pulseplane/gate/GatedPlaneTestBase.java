package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.store.Device;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A plane behind its gate, with two patients who have not consented to anything and a device. */
abstract class GatedPlaneTestBase {

    static final String STAFF = "authorized_medical_staff";
    static final String HEART_RATE = "8867-4";
    static final long T0 = 1_763_000_000_000_000L;

    @TempDir
    Path directory;

    GatedPlane plane;
    private long sequence;

    @BeforeEach
    void open() throws IOException {
        plane = new GatedPlane(directory, GatedPlane.Options.DEFAULTS);
        plane.register("ada");
        plane.register("bob");
        plane.registerDevice("monitor", Device.Status.ACTIVE);
    }

    @AfterEach
    void close() {
        plane.close();
    }

    static GetLatestRequest latestOf(String patient) {
        return GetLatestRequest.newBuilder()
                .setPatientId(patient)
                .addCodes(HEART_RATE)
                .build();
    }

    static CallResult latest(Channel channel, String patient) {
        return CallResult.of(channel, QueryServiceGrpc.getGetLatestMethod(), latestOf(patient));
    }

    static CallResult latestOfDevice(Channel channel, String device) {
        return CallResult.of(
                channel,
                QueryServiceGrpc.getGetLatestMethod(),
                GetLatestRequest.newBuilder().setDeviceId(device).build());
    }

    CallResult put(Channel channel, String device, String patient) {
        return CallResult.of(channel, IngestServiceGrpc.getPutReadingsMethod(), readings(device, patient));
    }

    static void put(Channel channel, PutReadingsRequest request) {
        assertThat(CallResult.of(channel, IngestServiceGrpc.getPutReadingsMethod(), request)
                        .code())
                .isEqualTo(Status.Code.OK);
    }

    PutReadingsRequest readings(String device, String patient) {
        sequence++;
        return PutReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId(device)
                        .setPatientId(patient)
                        .setSequence(sequence)
                        .addColumns(Columns.newBuilder()
                                .setCode(HEART_RATE)
                                .setUnit("/min")
                                .setStartUs(T0 + sequence)
                                .addTimeDeltaUs(0)
                                .addValues(60)))
                .build();
    }

    AuditRecord lastRecord() {
        return plane.lastEntry().orElseThrow().record();
    }
}
