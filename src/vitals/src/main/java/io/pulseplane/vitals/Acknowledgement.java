package io.pulseplane.vitals;

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

    public int rejected() {
        return rejections.stream().mapToInt(Rejection::size).sum();
    }
}
