package io.pulseplane.vitals;

import java.util.Comparator;

/**
 * What readings line up in: one patient, one device, one code, one unit.
 *
 * <p>The catalogue fixes the unit of every code it knows. Where unknown codes are kept, a second unit makes a second
 * series, so that values of different units never mix.
 */
public record Series(String patient, String device, String code, String unit) implements Comparable<Series> {

    private static final Comparator<Series> ORDER = Comparator.comparing(Series::code)
            .thenComparing(Series::patient)
            .thenComparing(Series::device)
            .thenComparing(Series::unit);

    @Override
    public int compareTo(Series other) {
        return ORDER.compare(this, other);
    }
}
