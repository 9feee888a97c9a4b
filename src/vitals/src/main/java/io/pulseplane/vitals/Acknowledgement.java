package io.pulseplane.vitals;

import io.pulseplane.vitals.Rejection.Reason;
import java.util.List;

/**
 * The plane's answer to a batch: the batch is durable, and this is what happened to its readings.
 *
 * @param accepted number of readings that the store did not have before
 * @param duplicates number of readings that the store, or an earlier place in the batch, already had with the same
 *     value
 * @param rejections the readings that the plane rejected, ordered by code and reason, at most one entry for each
 */
public record Acknowledgement(String device, long sequence, int accepted, int duplicates, List<Rejection> rejections) {

    /**
     * Returns whether readings of the same batch, screened again, may be stored now that were rejected before: because
     * they seemed to come from the future, or their device was not
     * assigned to the patient.
     */
    public boolean isOutdatedBy(ScreenedBatch repeated) {
        return countNotFinal(rejections) > countNotFinal(repeated.rejections());
    }

    private static int countNotFinal(List<Rejection> rejections) {
        return rejections.stream()
                .filter(rejection ->
                        rejection.reason() == Reason.IN_THE_FUTURE || rejection.reason() == Reason.NOT_ASSIGNED)
                .mapToInt(Rejection::size)
                .sum();
    }

    /**
     * Returns the answer to a batch that was stored in two steps: this one is the answer to the first step.
     *
     * @param second the answer to the second step, for which the readings of the first one were duplicates
     */
    public Acknowledgement plus(Acknowledgement second) {
        return new Acknowledgement(
                device,
                sequence,
                accepted + second.accepted,
                Math.max(0, second.duplicates - accepted),
                second.rejections);
    }

    public int rejected() {
        return rejections.stream().mapToInt(Rejection::size).sum();
    }
}
