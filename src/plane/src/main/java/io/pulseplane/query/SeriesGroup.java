package io.pulseplane.query;

import io.pulseplane.vitals.Series;
import java.util.Comparator;

/**
 * The key of a group of series whose readings are aggregated together. Patient and device are empty in groups by code.
 */
public record SeriesGroup(String code, String unit, String patient, String device) implements Comparable<SeriesGroup> {

    private static final Comparator<SeriesGroup> ORDER = Comparator.comparing(SeriesGroup::code)
            .thenComparing(SeriesGroup::patient)
            .thenComparing(SeriesGroup::device)
            .thenComparing(SeriesGroup::unit);

    /** The rule by which series form groups. */
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
