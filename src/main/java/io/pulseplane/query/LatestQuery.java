package io.pulseplane.query;

import io.pulseplane.live.Latest;
import io.pulseplane.live.LatestValues;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** The latest reading of each code: from memory if the subject was asked for lately, else from the store. */
public final class LatestQuery {

    private final LatestValues values;
    private final Store store;
    private final Subjects subjects;

    /**
     * One question to the store at a time for each entry, however many ask. What the store says may be older than the
     * last of those who ask; what came in between is in the entry they share. Hence by entry, and not by subject: a
     * subject that was forgotten has a new entry, which missed what the old one got.
     */
    private final ConcurrentMap<Latest, Uni<List<Reading>>> underWay = new ConcurrentHashMap<>();

    public LatestQuery(LatestValues values, Store store) {
        this.values = values;
        this.store = store;
        this.subjects = new Subjects(store);
    }

    /** The answer, if it is in memory. */
    public Optional<List<Reading>> now(Question question) {
        var latest = values.of(question.subject());
        return latest.isComplete() ? Optional.of(covered(latest, question)) : Optional.empty();
    }

    /** The answer, one reading per code, ordered by code; {@code NotFound} if the subject is not known. */
    public Uni<List<Reading>> ask(Question question) {
        return Uni.createFrom().deferred(() -> {
            var latest = values.of(question.subject());
            var complete = latest.isComplete() ? Uni.createFrom().item(latest) : complete(question.subject(), latest);
            return complete.map(l -> covered(l, question));
        });
    }

    /** Whether an unmeasured subject is known is not shared: by the time of a later question it may have become so. */
    private Uni<Latest> complete(Subject subject, Latest latest) {
        return stored(subject, latest)
                .chain(stored -> stored.isEmpty()
                        ? subjects.known(subject).replaceWith(stored)
                        : Uni.createFrom().item(stored))
                .invoke(latest::complete)
                .replaceWith(latest)
                .onFailure()
                .invoke(() -> values.forget(subject, latest));
    }

    private Uni<List<Reading>> stored(Subject subject, Latest latest) {
        return underWay.computeIfAbsent(
                latest,
                _ -> store.readings()
                        .latest(subject)
                        .onTermination()
                        .invoke(() -> underWay.remove(latest))
                        .memoize()
                        .indefinitely());
    }

    private static List<Reading> covered(Latest latest, Question question) {
        var all = latest.readings();
        return question.codes().isEmpty()
                ? all
                : all.stream().filter(r -> question.covers(r.series())).toList();
    }
}
