package io.pulseplane.store.edge.journal;

import io.pulseplane.store.edge.tables.LostBatchTable.LostBatch;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * What was lost from the journal, for queries. Only a start finds losses, so the list does not change afterwards.
 *
 * <p>A batch that cannot be opened says nothing of its times, and a whole entry not even whose readings it had. But
 * batches were stored in order, and monitors send within a minute what they measure. So the readings that were lost are
 * taken for being from the time between the entries before and after.
 */
public final class LostBatches {

    private record Span(OptionalLong patient, long from, long to) {

        boolean concerns(long other) {
            return patient.isEmpty() || patient.getAsLong() == other;
        }
    }

    private volatile List<Span> spans = List.of();
    private volatile int count;

    void set(List<LostBatch> lost) {
        // Entries that were lost together have one span.
        spans = lost.stream()
                .map(batch -> new Span(batch.patient(), batch.from(), batch.to()))
                .distinct()
                .toList();
        count = lost.size();
    }

    /** How many batches are lost; a whole entry, or the rest of one, counts once. */
    public int count() {
        return count;
    }

    /** @throws PlaneException.DataLoss if batches are lost that may have had readings of this patient in the range */
    void requireNone(long patient, TimeRange range) {
        for (var span : spans) {
            if (span.concerns(patient) && span.from < range.to() && span.to >= range.from()) {
                throw lost(span);
            }
        }
    }

    /**
     * Leaves out batches of unknown patients: the latest reading has its time, and every patient who is measured gets a
     * later one in a moment.
     *
     * @throws PlaneException.DataLoss if batches of this patient are lost that may have had later readings
     */
    void requireNoneAfter(long patient, long time) {
        for (var span : spans) {
            if (Objects.equals(span.patient, OptionalLong.of(patient)) && span.to > time) {
                throw lost(span);
            }
        }
    }

    private static PlaneException.DataLoss lost(Span span) {
        return new PlaneException.DataLoss("batches that were stored from " + span.from + " to " + span.to
                + " us are damaged on the plane's disk, and may have had readings of this patient");
    }
}
