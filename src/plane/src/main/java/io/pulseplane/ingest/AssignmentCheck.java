package io.pulseplane.ingest;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.assignment.PatientDevices;
import io.pulseplane.vitals.Rejection.Reason;
import io.pulseplane.vitals.ScreenedBatch;
import io.smallrye.mutiny.Uni;

/**
 * Rejects readings of times at which the device is not assigned to the patient, on a plane that takes no others. Costs
 * one look at a cache for each batch.
 */
public final class AssignmentCheck {

    private final Assignments assignments;

    public AssignmentCheck(Assignments assignments) {
        this.assignments = assignments;
    }

    /**
     * Returns the batch without the readings that it rejects. Fails with {@code Unavailable} if the assignments of the
     * patient are not remembered and the store does not answer.
     */
    Uni<ScreenedBatch> check(ScreenedBatch batch) {
        if (!assignments.rejectsUnassigned()) {
            return Uni.createFrom().item(batch);
        }
        var cached = assignments.cached(batch.patient());
        return cached != null
                ? Uni.createFrom().item(check(batch, cached))
                : Uni.createFrom()
                        .completionStage(() -> assignments.loadOrLastKnown(batch.patient()))
                        .map(loaded -> check(batch, loaded));
    }

    private static ScreenedBatch check(ScreenedBatch batch, PatientDevices devices) {
        return batch.rejectUnlessWithin(devices.spansOf(batch.device()), Reason.NOT_ASSIGNED);
    }
}
