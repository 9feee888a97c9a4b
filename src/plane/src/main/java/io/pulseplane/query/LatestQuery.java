package io.pulseplane.query;

import io.pulseplane.coherence.LatestSource;
import io.pulseplane.coherence.LatestSource.Snapshot;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.LatestReadings;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The latest reading of each code: from memory if the subject was asked for lately and what is remembered still holds,
 * else from the store, or from what is closer than the store.
 */
public final class LatestQuery {

    private final LatestCache cache;
    private final LatestSource source;
    private final Site site;
    private final SeriesResolver resolver;

    /**
     * One question to the store at a time for each entry, however many ask. What the store says may be older than the
     * last of those who ask; what came in between is in the entry they share. Hence by entry, and not by subject: a
     * subject that was forgotten has a new entry, which missed what the old one got. And only while what the question
     * began with holds: after that, the entry may have missed what another plane stored.
     */
    private final ConcurrentMap<LatestReadings, InFlightLookup> inFlight = new ConcurrentHashMap<>();

    private record InFlightLookup(long startTime, Uni<Snapshot> answer) {}

    /** Of a plane that has its store to itself. */
    public LatestQuery(LatestCache values, Store store) {
        this(values, store, LatestSource.of(store, Site.SINGLE_PLANE), Site.SINGLE_PLANE);
    }

    /** @param source where to look for what is not remembered */
    public LatestQuery(LatestCache values, Store store, LatestSource source, Site site) {
        this.cache = values;
        this.source = source;
        this.site = site;
        this.resolver = new SeriesResolver(store);
    }

    /** The answer, if it is in memory. */
    public Optional<List<Reading>> cachedAnswer(SeriesSelector question) {
        var latest = cache.entry(question.subject());
        return isFresh(latest) ? Optional.of(select(latest, question)) : Optional.empty();
    }

    private boolean isFresh(LatestReadings latest) {
        return latest.isComplete() && site.isFresh(latest.asOf());
    }

    /** The answer, one reading per code, ordered by code; {@code NotFound} if the subject is not known. */
    public Uni<List<Reading>> execute(SeriesSelector question) {
        return Uni.createFrom().deferred(() -> {
            var latest = cache.entry(question.subject());
            var complete = isFresh(latest) ? Uni.createFrom().item(latest) : complete(question.subject(), latest);
            return complete.map(l -> select(l, question));
        });
    }

    /** Whether an unmeasured subject is known is not shared: by the time of a later question it may have become so. */
    private Uni<LatestReadings> complete(Subject subject, LatestReadings latest) {
        return lookUp(subject, latest)
                .chain(found -> found.readings().isEmpty()
                        ? resolver.requireRegistered(subject).replaceWith(found)
                        : Uni.createFrom().item(found))
                .invoke(found -> latest.complete(found.readings(), found.asOf()))
                .replaceWith(latest)
                .onFailure()
                .invoke(() -> cache.evict(subject, latest));
    }

    private Uni<Snapshot> lookUp(Subject subject, LatestReadings latest) {
        return inFlight.compute(
                        latest,
                        (_, asked) ->
                                asked != null && site.isFresh(asked.startTime) ? asked : startLookup(subject, latest))
                .answer;
    }

    private InFlightLookup startLookup(Subject subject, LatestReadings latest) {
        long begun = site.now();
        var answer = source.latest(subject)
                .onTermination()
                .invoke(() -> inFlight.computeIfPresent(latest, (_, asked) -> asked.startTime == begun ? null : asked))
                .memoize()
                .indefinitely();
        return new InFlightLookup(begun, answer);
    }

    private static List<Reading> select(LatestReadings latest, SeriesSelector question) {
        var all = latest.readings();
        if (question.codes().isEmpty()) {
            return all;
        }
        // On the way of every question; a stream would be most of what it allocates.
        var covered =
                new ArrayList<Reading>(Math.min(all.size(), question.codes().size()));
        for (var reading : all) {
            if (question.matches(reading.series())) {
                covered.add(reading);
            }
        }
        return covered;
    }
}
