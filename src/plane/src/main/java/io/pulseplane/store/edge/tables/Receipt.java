package io.pulseplane.store.edge.tables;

/**
 * The receipt of one batch of a device.
 *
 * @param patient the number of the patient whose readings the batch had; {@link #UNKNOWN_PATIENT} if the receipt was
 *     written before receipts had it
 * @param acknowledged null if nobody can read it any more: the patient was erased, or the patient's key is lost
 */
public record Receipt(long patient, long sequence, AcknowledgedBatch acknowledged) {

    /** The numbers of patients begin at 1. */
    public static final long UNKNOWN_PATIENT = 0;

    public static Receipt of(long patient, AcknowledgedBatch acknowledged) {
        return new Receipt(patient, acknowledged.sequence(), acknowledged);
    }

    /** What is left of the receipt when its patient was erased: that the device has used the sequence. */
    public Receipt forgotten() {
        return new Receipt(patient, sequence, null);
    }

    public boolean isForgotten() {
        return acknowledged == null;
    }
}
