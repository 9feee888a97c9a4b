package io.pulseplane.query;

import io.pulseplane.cache.LatestSource;
import io.pulseplane.cache.LatestSource.Found;
import io.pulseplane.live.Latest;
import io.pulseplane.live.LatestValues;
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

    private final LatestValues values;
    private final LatestSource source;
    private final Site site;
    private final Subjects subjects;

    /**
     * One question to the store at a time for each entry, however many ask. What the store says may be older than the
     * last of those who ask; what came in between is in the entry they share. Hence by entry, and not by subject: a
     * subject that was forgotten has a new entry, which missed what the old one got. And only while what the question
     * began with holds: after that, the entry may have missed what another plane stored.
     */
    private final ConcurrentMap<Latest, Asked> underWay = new ConcurrentHashMap<>();

    private record Asked(long begun, Uni<Found> answer) {}

    /** Of a plane that has its store to itself. */
    public LatestQuery(LatestValues values, Store store) {
        this(values, store, LatestSource.of(store, Site.OF_ONE), Site.OF_ONE);
    }

    /** @param source where to look for what is not remembered */
    public LatestQuery(LatestValues values, Store store, LatestSource source, Site site) {
        this.values = values;
        this.source = source;
        this.site = site;
        this.subjects = new Subjects(store);
    }

    /** The answer, if it is in memory. */
    public Optional<List<Reading>> now(Question question) {
        var latest = values.of(question.subject());
        return holds(latest) ? Optional.of(covered(latest, question)) : Optional.empty();
    }

    private boolean holds(Latest latest) {
        return latest.isComplete() && site.holds(latest.asOf());
    }

    /** The answer, one reading per code, ordered by code; {@code NotFound} if the subject is not known. */
    public Uni<List<Reading>> ask(Question question) {
        return Uni.createFrom().deferred(() -> {
            var latest = values.of(question.subject());
            var complete = holds(latest) ? Uni.createFrom().item(latest) : complete(question.subject(), latest);
            return complete.map(l -> covered(l, question));
        });
    }

    /** Whether an unmeasured subject is known is not shared: by the time of a later question it may have become so. */
    private Uni<Latest> complete(Subject subject, Latest latest) {
        return found(subject, latest)
                .chain(found -> found.readings().isEmpty()
                        ? subjects.known(subject).replaceWith(found)
                        : Uni.createFrom().item(found))
                .invoke(found -> latest.complete(found.readings(), found.asOf()))
                .replaceWith(latest)
                .onFailure()
                .invoke(() -> values.forget(subject, latest));
    }

    private Uni<Found> found(Subject subject, Latest latest) {
        return underWay.compute(
                        latest,
                        (_, asked) -> asked != null && site.holds(asked.begun) ? asked : question(subject, latest))
                .answer;
    }

    private Asked question(Subject subject, Latest latest) {
        long begun = site.now();
        var answer = source.latest(subject)
                .onTermination()
                .invoke(() -> underWay.computeIfPresent(latest, (_, asked) -> asked.begun == begun ? null : asked))
                .memoize()
                .indefinitely();
        return new Asked(begun, answer);
    }

    private static List<Reading> covered(Latest latest, Question question) {
        var all = latest.readings();
        if (question.codes().isEmpty()) {
            return all;
        }
        // On the way of every question; a stream would be most of what it allocates.
        var covered =
                new ArrayList<Reading>(Math.min(all.size(), question.codes().size()));
        for (var reading : all) {
            if (question.covers(reading.series())) {
                covered.add(reading);
            }
        }
        return covered;
    }
}
