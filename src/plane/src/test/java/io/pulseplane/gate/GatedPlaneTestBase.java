package io.pulseplane.gate;

import static io.pulseplane.gate.GateRequests.HEART_RATE;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.store.Device;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * One plane for all tests of a class, because a plane takes longer to open and close than most tests take to run. Each
 * test has two patients, who have not consented to anything, and a device of its own. The clock is right at its start.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GatedPlaneTestBase {

    static final long T0 = 1_763_000_000_000_000L;

    /** Of the current test. */
    String ada;

    /** Of the current test. */
    String bob;

    /** Of the current test. */
    String monitor;

    Path directory;
    GatedPlane plane;

    private int tests;
    private int earlierRecords;
    private long sequence;

    @BeforeAll
    void open(@TempDir Path directory) throws IOException {
        this.directory = directory;
        plane = new GatedPlane(directory, GatedPlane.Options.DEFAULTS);
    }

    @BeforeEach
    void begin() {
        tests++;
        ada = "ada-" + tests;
        bob = "bob-" + tests;
        monitor = "monitor-" + tests;
        plane.clockOffsetUs.set(0);
        plane.register(ada);
        plane.register(bob);
        plane.registerDevice(monitor, Device.Status.ACTIVE);
        plane.events.clear();
        earlierRecords = plane.auditRecords().size();
    }

    @AfterAll
    void close() {
        plane.close();
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

    /** What the current test has added to the audit trail. */
    List<AuditRecord> auditRecords() {
        var all = plane.auditRecords();
        return all.subList(earlierRecords, all.size());
    }

    AuditRecord lastRecord() {
        return plane.lastEntry().orElseThrow().record();
    }
}
