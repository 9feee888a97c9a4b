package io.pulseplane.store.postgres;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.vitals.Series;
import java.util.Map;

/**
 * Remembers committed rows: patients, devices and the numbers of series, the {@value #MAX_ENTRIES_PER_KIND} of each
 * kind that are used most. An evicted entry costs one more statement.
 *
 * <p>Each thread that stores groups has a cache of its own. In a shared one, a thread could put back an entry that
 * another thread has just removed.
 */
final class IdCache {

    private static final int MAX_ENTRIES_PER_KIND = 100_000;

    final Map<String, Boolean> patients = boundedMap();
    final Map<String, Boolean> devices = boundedMap();
    final Map<Series, Long> seriesNumbers = boundedMap();

    /** Forgets everything, because rows were removed that are never removed by a plane. */
    void clear() {
        patients.clear();
        devices.clear();
        seriesNumbers.clear();
    }

    private static <K, V> Map<K, V> boundedMap() {
        return Caffeine.newBuilder()
                .maximumSize(MAX_ENTRIES_PER_KIND)
                .executor(Runnable::run)
                .<K, V>build()
                .asMap();
    }
}
