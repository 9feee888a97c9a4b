package io.pulseplane.query;

import io.pulseplane.vitals.Series;
import java.util.Comparator;

/**
 * Whose readings are put together. Patient and device are empty where they do not matter.
 */
public record SeriesGroup(String code, String unit, String patient, String device) implements Comparable<SeriesGroup> {

    private static final Comparator<SeriesGroup> ORDER = Comparator.comparing(SeriesGroup::code)
            .thenComparing(SeriesGroup::patient)
            .thenComparing(SeriesGroup::device)
            .thenComparing(SeriesGroup::unit);

    /** How series are put together. */
    public enum Grouping {
        BY_CODE,
        BY_SERIES;

        SeriesGroup of(Series series) {
            return switch (this) {
                case BY_CODE -> new SeriesGroup(series.code(), series.unit(), "", "");
                case BY_SERIES -> new SeriesGroup(series.code(), series.unit(), series.patient(), series.device());
            };
        }
    }

    @Override
    public int compareTo(SeriesGroup other) {
        return ORDER.compare(this, other);
    }
}
