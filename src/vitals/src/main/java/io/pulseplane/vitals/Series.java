package io.pulseplane.vitals;

import java.util.Comparator;

/**
 * A time series: the readings of one patient, one device, one code and one unit.
 *
 * <p>The catalogue fixes the unit of each of its codes. Where the plane keeps unknown codes, a second unit makes a
 * second series, so that values of different units never mix.
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
