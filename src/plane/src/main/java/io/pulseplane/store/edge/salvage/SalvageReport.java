package io.pulseplane.store.edge.salvage;

import java.util.List;

/**
 * What was got out of a damaged store, and what was not.
 *
 * @param readings in chunks
 * @param batches in the journal, which are not in chunks yet
 * @param losses one line for each loss; they give the numbers of patients, and nothing that identifies a patient
 */
public record SalvageReport(
        long patients, long devices, long series, long chunks, long readings, long batches, List<String> losses) {}
