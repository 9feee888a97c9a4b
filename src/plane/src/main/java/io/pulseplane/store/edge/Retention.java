package io.pulseplane.store.edge;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How long readings are kept; a chunk is dropped when the last of its readings is older.
 *
 * @param byCode of the codes that have a rule of their own
 * @param others of all others; for good when empty
 */
public record Retention(Map<String, Duration> byCode, Optional<Duration> others) {

    public static final Retention FOR_GOOD = new Retention(Map.of(), Optional.empty());

    public Retention {
        byCode = Map.copyOf(byCode);
    }

    boolean isForGood() {
        return byCode.isEmpty() && others.isEmpty();
    }
}
