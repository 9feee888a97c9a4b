package io.pulseplane.coherence;

import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Uni;

/** Looks up windows. See {@link ReadingStore#aggregate} for parameters and result. */
public interface WindowSource {

    Uni<WindowAggregates> aggregate(Series series, TimeRange range, ValueRange counted, WindowGrid grid, int limit);

    /** Reads windows from the store. */
    static WindowSource of(ReadingStore readings) {
        return readings::aggregate;
    }
}
