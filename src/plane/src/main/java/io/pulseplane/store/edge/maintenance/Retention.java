package io.pulseplane.store.edge.maintenance;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How long readings are kept. A chunk is deleted when the last of its readings is older.
 *
 * @param periodByCode periods of the codes that have a rule of their own
 * @param defaultPeriod the period of all other codes; if empty, they are kept without a limit
 */
public record Retention(Map<String, Duration> periodByCode, Optional<Duration> defaultPeriod) {

    public static final Retention UNLIMITED = new Retention(Map.of(), Optional.empty());

    public Retention {
        periodByCode = Map.copyOf(periodByCode);
    }

    boolean isUnlimited() {
        return periodByCode.isEmpty() && defaultPeriod.isEmpty();
    }
}
