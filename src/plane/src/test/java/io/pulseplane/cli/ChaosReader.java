package io.pulseplane.cli;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Asks one plane for latest readings, and knows what it may not be told. */
final class ChaosReader {

    private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A device, and the consent of its patient; null where it stays granted. */
    record QueriedPatient(ChaosDevice device, ChaosConsent consent) {}

    private final ChaosSite.PlaneComponent plane;
    private final List<QueriedPatient> patients;
    private final SplittableRandom random;
    private volatile int answers;
    private volatile int refusals;

    ChaosReader(ChaosSite.PlaneComponent plane, List<QueriedPatient> patients, SplittableRandom random) {
        this.plane = plane;
        this.patients = patients;
        this.random = random;
    }

    int answers() {
        return answers;
    }

    int refusals() {
        return refusals;
    }

    void run(BooleanSupplier goesOn) {
        while (goesOn.getAsBoolean()) {
            ask(patients.get(random.nextInt(patients.size())));
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(5)));
        }
    }

    private void ask(QueriedPatient of) {
        var to = plane.instance();
        long withdrawnAt = of.consent == null ? 0 : of.consent.withdrawnAt();
        long asked = System.nanoTime();
        try {
            var answer = QueryServiceGrpc.newBlockingStub(to.plane().as(to.channel(), "authorized_medical_staff"))
                    .withDeadlineAfter(2, TimeUnit.SECONDS)
                    .getLatest(GetLatestRequest.newBuilder()
                            .setPatientId(of.device.patient)
                            .addCodes(ChaosDevice.CODE)
                            .build());
            answers++;
            boolean stillWithdrawn = of.consent != null && withdrawnAt != 0 && of.consent.withdrawnAt() == withdrawnAt;
            if (stillWithdrawn && asked - withdrawnAt > BOUND_NANOS) {
                throw new AssertionError(plane + " read of " + of.device.patient + ", withdrawn "
                        + TimeUnit.NANOSECONDS.toMillis(asked - withdrawnAt) + " ms before");
            }
            long promised = of.device.acknowledgedBefore(asked - BOUND_NANOS);
            long told =
                    answer.getReadingsCount() == 0 ? 0 : answer.getReadings(0).getTimeUs();
            if (told < promised) {
                throw new AssertionError(plane + " told of " + of.device.patient + " what was older by "
                        + (promised - told) + " readings than what was acknowledged before the bound");
            }
        } catch (StatusRuntimeException e) {
            refused(e.getStatus());
        }
    }

    private void refused(Status status) {
        if (status.getCode() == Status.Code.INTERNAL
                && String.valueOf(status.getDescription()).startsWith("RST_STREAM")) {
            // The plane cut the call off because it is being stopped.
            refusals++;
            return;
        }
        switch (status.getCode()) {
            case PERMISSION_DENIED, UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> refusals++;
            default -> throw new AssertionError(plane + " answered " + status);
        }
    }
}
