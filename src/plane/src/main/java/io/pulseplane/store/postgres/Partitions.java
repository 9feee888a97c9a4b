package io.pulseplane.store.postgres;

import io.pulseplane.vitals.ScreenedBatch;
import io.vertx.core.Future;
import java.time.LocalDate;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * Creates the monthly partitions of {@code measurements}: when a reading needs one, and {@value #MONTHS_AHEAD} months
 * ahead of the clock, so that no reading waits for a new month. Each thread that stores groups has an instance of its
 * own.
 */
final class Partitions {

    static final int MONTHS_AHEAD = 2;

    private static final String CREATE = "SELECT measurements_partition(day) FROM unnest($1::date[]) AS day";

    private final Set<LocalDate> createdMonths = new HashSet<>();

    /** The months that a group needs and that this instance has not created, oldest first. */
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
        long endOfMonth = Long.MIN_VALUE;
        for (long time : times) {
            if (time >= endOfMonth) {
                var month = Micros.month(time);
                addIfMissing(month, missing);
                endOfMonth = Micros.startOf(month.plusMonths(1));
            }
        }
    }

    private void addIfMissing(LocalDate month, Set<LocalDate> missing) {
        if (!createdMonths.contains(month)) {
            missing.add(month);
        }
    }

    /** Creates the partitions of these months, if another plane has not created them already. */
    static Future<Void> create(PostgresSession session, Collection<LocalDate> months) {
        return session.execute(CREATE, (Object) months.toArray(LocalDate[]::new))
                .mapEmpty();
    }

    void markCreated(Collection<LocalDate> months) {
        createdMonths.addAll(months);
    }

    /** Forgets all months, because some may have been retired. */
    void clear() {
        createdMonths.clear();
    }
}
