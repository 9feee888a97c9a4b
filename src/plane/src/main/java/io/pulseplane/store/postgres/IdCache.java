package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Series;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is in the tables for sure, because it was committed: patients, devices and the numbers of series, the
 * {@value #MAX_ENTRIES_PER_KIND} of each that were used last. Belongs to one of the threads that store.
 */
final class IdCache {

    private static final int MAX_ENTRIES_PER_KIND = 100_000;

    final Map<String, Boolean> patients = lruMap();
    final Map<String, Boolean> devices = lruMap();
    final Map<Series, Long> seriesNumbers = lruMap();

    /** Somebody removed what is never removed. */
    void clear() {
        patients.clear();
        devices.clear();
        seriesNumbers.clear();
    }

    private static <K, V> Map<K, V> lruMap() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > MAX_ENTRIES_PER_KIND;
            }
        };
    }
}
