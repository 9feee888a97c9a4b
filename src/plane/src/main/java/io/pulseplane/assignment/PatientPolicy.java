package io.pulseplane.assignment;

/** For which patients a device may write. */
public enum PatientPolicy {
    /**
     * For any patient. The readings are kept apart until somebody assigns the device to the patient: queries of the
     * patient do not find them before, queries of the device do.
     */
    PROVISIONAL,
    /** For any patient. Queries of the patient find the readings at once. */
    ANY,
    /** Only for a patient to whom the device is assigned at the time of the reading. Other readings are rejected. */
    ASSIGNED,
    /** Only for the patients that its token names. The gate refuses other batches. */
    CLAIMED;

    /** Whether readings of devices that nobody assigned are rejected. */
    boolean rejectsUnassigned() {
        return this == ASSIGNED;
    }

    /** Whether queries of a patient leave out readings of devices that nobody assigned. */
    boolean hidesUnassigned() {
        return this == PROVISIONAL || this == ASSIGNED;
    }
}
