package io.pulseplane.query;

import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import java.util.Set;

/**
 * Whose readings are asked for.
 *
 * @param codes of which codes; of all when empty
 */
public record SeriesSelector(Subject subject, Set<String> codes) {

    boolean matches(Series series) {
        return codes.isEmpty() || codes.contains(series.code());
    }
}
