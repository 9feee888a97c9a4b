package io.pulseplane.query;

import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import java.util.Set;

/**
 * Selects the series of a query.
 *
 * @param codes the codes to select; all if empty
 */
public record SeriesSelector(Subject subject, Set<String> codes) {

    boolean matches(Series series) {
        return codes.isEmpty() || codes.contains(series.code());
    }
}
