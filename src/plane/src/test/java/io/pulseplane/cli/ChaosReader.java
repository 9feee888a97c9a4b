package io.pulseplane.cli;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Queries the latest readings of one plane, and checks every answer: none is given after consent was withdrawn, and
 * none is older than the bound on staleness allows.
 */
final class ChaosReader {

    private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A device, and the consent of its patient; null where the patient's consent stays granted. */
    record QueriedPatient(ChaosDevice device, ChaosConsent consent) {}

    private final ChaosSite.PlaneComponent plane;
    private final List<QueriedPatient> patients;
    private final SplittableRandom random;
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger refusals = new AtomicInteger();

    ChaosReader(ChaosSite.PlaneComponent plane, List<QueriedPatient> patients, SplittableRandom random) {
        this.plane = plane;
        this.patients = patients;
        this.random = random;
    }

    int answers() {
        return answers.get();
    }

    int refusals() {
        return refusals.get();
    }

    void run(BooleanSupplier isRunning) {
        while (isRunning.getAsBoolean()) {
            query(patients.get(random.nextInt(patients.size())));
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(5)));
        }
    }

    private void query(QueriedPatient patient) {
        var instance = plane.instance();
        var consent = patient.consent;
        long withdrawnAt = consent == null ? 0 : consent.withdrawnAt();
        long queriedAt = System.nanoTime();
        try {
            var response = QueryServiceGrpc.newBlockingStub(
                            instance.plane().as(instance.channel(), "authorized_medical_staff"))
                    .withDeadlineAfter(2, TimeUnit.SECONDS)
                    .getLatest(GetLatestRequest.newBuilder()
                            .setPatientId(patient.device.patient)
                            .addCodes(ChaosDevice.CODE)
                            .build());
            answers.incrementAndGet();
            boolean isStillWithdrawn = consent != null && withdrawnAt != 0 && consent.withdrawnAt() == withdrawnAt;
            if (isStillWithdrawn && queriedAt - withdrawnAt > BOUND_NANOS) {
                throw new AssertionError(plane + " answered a query for " + patient.device.patient
                        + ", whose consent was withdrawn "
                        + TimeUnit.NANOSECONDS.toMillis(queriedAt - withdrawnAt) + " ms before");
            }
            long expected = patient.device.acknowledgedBefore(queriedAt - BOUND_NANOS);
            long actual = response.getReadingsCount() == 0
                    ? 0
                    : response.getReadings(0).getTimeUs();
            if (actual < expected) {
                throw new AssertionError(plane + " answered with a reading of " + patient.device.patient
                        + " that is older by " + (expected - actual)
                        + " readings than the latest one acknowledged before the bound");
            }
        } catch (StatusRuntimeException e) {
            onRefusal(e.getStatus());
        }
    }

    private void onRefusal(Status status) {
        if (status.getCode() == Status.Code.INTERNAL
                && String.valueOf(status.getDescription()).startsWith("RST_STREAM")) {
            // The plane is being stopped and has cut the call off.
            refusals.incrementAndGet();
            return;
        }
        switch (status.getCode()) {
            case PERMISSION_DENIED, UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> refusals.incrementAndGet();
            default -> throw new AssertionError(plane + " answered " + status);
        }
    }
}
