package io.pulseplane.query;

import io.pulseplane.vitals.Series;
import java.util.Comparator;

/**
 * Whose readings are put together. Patient and device are empty where they do not matter.
 */
public record Group(String code, String unit, String patient, String device) implements Comparable<Group> {

    private static final Comparator<Group> ORDER = Comparator.comparing(Group::code)
            .thenComparing(Group::patient)
            .thenComparing(Group::device)
            .thenComparing(Group::unit);

    /** How series are put together. */
    public enum Grouping {
        BY_CODE,
        BY_SERIES;

        Group of(Series series) {
            return switch (this) {
                case BY_CODE -> new Group(series.code(), series.unit(), "", "");
                case BY_SERIES -> new Group(series.code(), series.unit(), series.patient(), series.device());
            };
        }
    }

    @Override
    public int compareTo(Group other) {
        return ORDER.compare(this, other);
    }
}
