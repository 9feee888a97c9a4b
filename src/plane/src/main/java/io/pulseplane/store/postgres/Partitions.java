package io.pulseplane.store.postgres;

import io.pulseplane.vitals.ScreenedBatch;
import io.vertx.core.Future;
import java.time.LocalDate;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * The months that readings have a place in. Made when a reading needs one, and {@value #MONTHS_AHEAD} ahead of the clock, so
 * that the first reading of a month finds it. Belongs to one of the threads that store.
 */
final class Partitions {

    static final int MONTHS_AHEAD = 2;

    private static final String CREATE = "SELECT measurements_partition(day) FROM unnest($1::date[]) AS day";

    private final Set<LocalDate> createdMonths = new HashSet<>();

    /** The months a group needs that are not known to be there, oldest first. */
    Collection<LocalDate> missing(Iterable<ScreenedBatch> group, long now) {
        var missing = new TreeSet<LocalDate>();
        var current = Micros.month(now);
        for (int i = 0; i <= MONTHS_AHEAD; i++) {
            addIfMissing(current.plusMonths(i), missing);
        }
        for (var batch : group) {
            for (var block : batch.blocks()) {
                addIfMissing(block.columns().times(), missing);
            }
        }
        return missing;
    }

    private void addIfMissing(long[] times, Set<LocalDate> missing) {
        long end = Long.MIN_VALUE;
        for (long time : times) {
            if (time >= end) {
                var month = Micros.month(time);
                addIfMissing(month, missing);
                end = Micros.startOf(month.plusMonths(1));
            }
        }
    }

    private void addIfMissing(LocalDate month, Set<LocalDate> missing) {
        if (!createdMonths.contains(month)) {
            missing.add(month);
        }
    }

    /** Makes them, each store of a database as it needs them; whoever comes second finds them made. */
    static Future<Void> create(PostgresSession session, Collection<LocalDate> months) {
        return session.execute(CREATE, (Object) months.toArray(LocalDate[]::new))
                .mapEmpty();
    }

    void markCreated(Collection<LocalDate> months) {
        createdMonths.addAll(months);
    }

    /** Some were retired. */
    void clear() {
        createdMonths.clear();
    }
}
