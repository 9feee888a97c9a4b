package io.pulseplane.coherence;

import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;

/** Where windows are looked up; what is asked and answered, {@link ReadingStore#aggregate} says. */
public interface WindowSource {

    Uni<WindowAggregates> aggregate(Series series, TimeRange range, long width, int limit);

    /** The store itself. */
    static WindowSource of(ReadingStore readings) {
        return readings::aggregate;
    }
}
