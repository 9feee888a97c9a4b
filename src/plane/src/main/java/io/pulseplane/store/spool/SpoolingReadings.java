package io.pulseplane.store.spool;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.TimeoutException;
import io.smallrye.mutiny.Uni;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/** Appends readings to the store while it takes them and no batch waits, else to the spool. */
final class SpoolingReadings implements ReadingStore {

    private final ReadingStore store;
    private final Spool spool;
    private final SpoolSettings settings;

    SpoolingReadings(ReadingStore store, Spool spool, SpoolSettings settings) {
        this.store = store;
        this.spool = spool;
        this.settings = settings;
    }

    @Override
    public Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return Uni.createFrom().deferred(() -> {
            if (spool.isInUse()) {
                return spool.append(group);
            }
            return store.append(group)
                    .ifNoItem()
                    .after(settings.writeTimeout())
                    .fail()
                    .onFailure(SpoolingReadings::isOutage)
                    .recoverWithUni(failure -> spool.appendAfterFailure(group, failure));
        });
    }

    @Override
    public int appendParallelism() {
        return store.appendParallelism();
    }

    /** Whether the store did not answer. A refusal is an answer. */
    static boolean isOutage(Throwable failure) {
        return failure instanceof PlaneException.Unavailable || failure instanceof TimeoutException;
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return Uni.createFrom().deferred(() -> {
            var waiting = spool.latest(subject);
            var stored = store.series(subject);
            return waiting.isEmpty() ? stored : stored.map(series -> union(series, waiting));
        });
    }

    private static List<Series> union(List<Series> stored, Collection<Reading> waiting) {
        var all = new TreeSet<>(stored);
        waiting.forEach(reading -> all.add(reading.series()));
        return List.copyOf(all);
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return Uni.createFrom().deferred(() -> {
            // Must come before the query: a batch that is forwarded in between may not be in the store's answer.
            var waiting = spool.latest(subject);
            var stored = store.latest(subject);
            return waiting.isEmpty() ? stored : stored.map(readings -> latest(readings, waiting));
        });
    }

    private static List<Reading> latest(List<Reading> stored, Collection<Reading> waiting) {
        var all = new TreeMap<Series, Reading>();
        stored.forEach(reading -> all.put(reading.series(), reading));
        waiting.forEach(reading -> all.merge(reading.series(), reading, (a, b) -> b.time() > a.time() ? b : a));
        return List.copyOf(all.values());
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return Uni.createFrom()
                .deferred(() -> spool.mayContain(series, range)
                        ? Uni.createFrom()
                                .failure(new PlaneException.Unavailable(
                                        "readings of this series wait in the spool until the database answers again",
                                        null))
                        : store.read(series, range, order, limit));
    }
}
