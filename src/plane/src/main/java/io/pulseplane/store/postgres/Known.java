package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Series;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is in the tables for sure, because it was committed: patients, devices and the numbers of series, the
 * {@value #REMEMBERED} of each that were used last. Belongs to one of the threads that store.
 */
final class Known {

    private static final int REMEMBERED = 100_000;

    final Map<String, Boolean> patients = recent();
    final Map<String, Boolean> devices = recent();
    final Map<Series, Long> series = recent();

    /** Somebody removed what is never removed. */
    void forget() {
        patients.clear();
        devices.clear();
        series.clear();
    }

    private static <K, V> Map<K, V> recent() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > REMEMBERED;
            }
        };
    }
}
