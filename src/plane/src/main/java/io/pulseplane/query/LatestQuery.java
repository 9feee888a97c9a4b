package io.pulseplane.query;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.assignment.PatientDevices;
import io.pulseplane.coherence.LatestSource;
import io.pulseplane.coherence.LatestSource.Snapshot;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.LatestReadings;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Returns the latest reading of each code of a subject: from the cache if its entry is complete and fresh, otherwise
 * from the {@link LatestSource}, which is the store or a cache in front of it. The latest readings of a patient are of
 * the devices that count as the patient's, see {@link Assignments}.
 */
public final class LatestQuery {

    private final LatestCache cache;
    private final LatestSource source;
    private final Site site;
    private final Store store;
    private final SeriesResolver resolver;

    /**
     * The running lookup of each entry, which all queries for that entry share. A result of the store may be older than
     * the latest of these queries, but the entry has all readings that were published since its creation, so together
     * they are complete. The key is the entry and not the subject: after an eviction, the subject gets a new entry,
     * which missed readings that the old one has. A lookup is shared only while its start time is fresh: later, the
     * entry may have missed a reading of another plane.
     */
    private final ConcurrentMap<LatestReadings, InFlightLookup> inFlight = new ConcurrentHashMap<>();

    private record InFlightLookup(long startTime, Uni<Snapshot> answer) {}

    /** For a plane that does not share its store, and on which every device counts. */
    public LatestQuery(LatestCache cache, Store store) {
        this(cache, store, LatestSource.of(store, Site.SINGLE_PLANE), Site.SINGLE_PLANE, Assignments.any());
    }

    /** @param source provides the readings of subjects that are not in the cache */
    public LatestQuery(LatestCache cache, Store store, LatestSource source, Site site, Assignments assignments) {
        this.cache = cache;
        this.source = source;
        this.site = site;
        this.store = store;
        this.resolver = new SeriesResolver(store, assignments);
    }

    /** Returns the answer if it is in the cache. */
    public Optional<List<Reading>> cachedAnswer(SeriesSelector selector) {
        var latest = cache.entry(selector.subject());
        return isFresh(latest) ? Optional.of(select(latest, selector)) : Optional.empty();
    }

    private boolean isFresh(LatestReadings latest) {
        return latest.isComplete() && site.isFresh(latest.asOf());
    }

    /**
     * Returns one reading for each code, ordered by code. Fails with {@code NotFound} if the subject is not registered.
     */
    public Uni<List<Reading>> execute(SeriesSelector selector) {
        return Uni.createFrom().deferred(() -> {
            var latest = entry(selector.subject());
            var complete = isFresh(latest) ? Uni.createFrom().item(latest) : complete(selector.subject(), latest);
            return complete.map(entry -> select(entry, selector));
        });
    }

    /**
     * Replaces an entry that is not fresh any more. Reading it again could only add to it, but another plane may have
     * erased a patient meanwhile.
     */
    private LatestReadings entry(Subject subject) {
        var latest = cache.entry(subject);
        if (latest.isComplete() && !site.isFresh(latest.asOf())) {
            cache.evict(subject, latest);
            return cache.entry(subject);
        }
        return latest;
    }

    /** Checks the registration for each query anew: a subject without readings may be registered meanwhile. */
    private Uni<LatestReadings> complete(Subject subject, LatestReadings latest) {
        return lookUp(subject, latest)
                .chain(snapshot -> snapshot.readings().isEmpty()
                        ? resolver.requireRegistered(subject).replaceWith(snapshot)
                        : served(subject, snapshot))
                .invoke(snapshot -> latest.complete(snapshot.readings(), snapshot.asOf()))
                .replaceWith(latest)
                .onFailure()
                .invoke(() -> cache.evict(subject, latest));
    }

    private Uni<Snapshot> served(Subject subject, Snapshot snapshot) {
        return resolver.devices(subject).chain(devices -> {
            if (snapshot.readings().stream().allMatch(devices::serves)) {
                return Uni.createFrom().item(snapshot);
            }
            return Multi.createFrom()
                    .iterable(snapshot.readings())
                    .onItem()
                    .transformToMultiAndConcatenate(reading -> served(devices, reading))
                    .collect()
                    .asList()
                    .map(readings -> new Snapshot(readings, snapshot.asOf()));
        });
    }

    /** The last reading of the same series that is served, if there is one. */
    private Multi<Reading> served(PatientDevices devices, Reading reading) {
        if (devices.serves(reading)) {
            return Multi.createFrom().item(reading);
        }
        var series = reading.series();
        var range = devices.servedRange(series, TimeRange.ALL);
        return range.isEmpty()
                ? Multi.createFrom().empty()
                : store.readings()
                        .read(series, range, Order.NEWEST_FIRST, 1)
                        .onItem()
                        .transformToMulti(columns -> columns.isEmpty()
                                ? Multi.createFrom().empty()
                                : Multi.createFrom()
                                        .item(new Reading(series, columns.times()[0], columns.values()[0])));
    }

    private Uni<Snapshot> lookUp(Subject subject, LatestReadings latest) {
        return inFlight.compute(
                        latest,
                        (_, lookup) -> lookup != null && site.isFresh(lookup.startTime)
                                ? lookup
                                : startLookup(subject, latest))
                .answer;
    }

    private InFlightLookup startLookup(Subject subject, LatestReadings latest) {
        long startTime = site.now();
        var answer = source.latest(subject)
                .onTermination()
                .invoke(() ->
                        inFlight.computeIfPresent(latest, (_, lookup) -> lookup.startTime == startTime ? null : lookup))
                .memoize()
                .indefinitely();
        return new InFlightLookup(startTime, answer);
    }

    private static List<Reading> select(LatestReadings latest, SeriesSelector selector) {
        var readings = latest.readings();
        if (selector.codes().isEmpty()) {
            return readings;
        }
        // A loop, because this is the hot path of every query: a stream would allocate more than the rest of it.
        var selected = new ArrayList<Reading>(
                Math.min(readings.size(), selector.codes().size()));
        for (var reading : readings) {
            if (selector.matches(reading.series())) {
                selected.add(reading);
            }
        }
        return selected;
    }
}
