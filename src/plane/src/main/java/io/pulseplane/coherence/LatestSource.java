package io.pulseplane.coherence;

import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;

/** Where the latest readings of a subject are looked up that are not remembered. */
public interface LatestSource {

    /**
     * The latest reading of every series of a subject, of some perhaps more than one.
     *
     * @param asOf by the clock of the site; everything that was acknowledged before is in here
     */
    record Snapshot(List<Reading> readings, long asOf) {}

    Uni<Snapshot> latest(Subject subject);

    /** The store itself. */
    static LatestSource of(Store store, Site site) {
        return subject -> Uni.createFrom().deferred(() -> {
            long asOf = site.now();
            return store.readings().latest(subject).map(readings -> new Snapshot(readings, asOf));
        });
    }
}
