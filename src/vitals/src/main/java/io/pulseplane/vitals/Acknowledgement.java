package io.pulseplane.vitals;

import java.util.List;

/**
 * The promise that a batch is durable, and what became of its readings.
 *
 * @param accepted readings the store did not have before
 * @param duplicates readings that the store, or an earlier place in the batch, already had with the same value
 * @param rejections readings that were refused, ordered by code and reason, at most one entry for each
 */
public record Acknowledgement(String device, long sequence, int accepted, int duplicates, List<Rejection> rejections) {

    public int rejected() {
        return rejections.stream().mapToInt(Rejection::size).sum();
    }
}
