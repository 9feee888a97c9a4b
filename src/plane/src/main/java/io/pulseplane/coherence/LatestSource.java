package io.pulseplane.coherence;

import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;

/** Looks up the latest readings of a subject that are not in memory. */
public interface LatestSource {

    /**
     * The latest reading of every series of a subject; a series may have more than one.
     *
     * @param asOf time by the clock of the site; everything that was acknowledged before is included
     */
    record Snapshot(List<Reading> readings, long asOf) {}

    Uni<Snapshot> latest(Subject subject);

    /** Looks up readings in the store. */
    static LatestSource of(Store store, Site site) {
        return subject -> Uni.createFrom().deferred(() -> {
            long asOf = site.now();
            return store.readings().latest(subject).map(readings -> new Snapshot(readings, asOf));
        });
    }
}
