package io.pulseplane.vitals;

import java.util.List;

/**
 * One entry of the {@link Catalogue}: the meaning of a code, and the values that a living patient can have.
 *
 * @param code LOINC code
 * @param name short form of the name that LOINC gives it
 * @param unit UCUM unit, the only one accepted for this code
 * @param low smallest plausible value, inclusive
 * @param high largest plausible value, inclusive
 * @param otherUnits values that no patient has in this unit, but that are common in another one
 */
public record VitalSign(String code, String name, String unit, double low, double high, List<OtherUnit> otherUnits) {

    /**
     * Values that betray that they are in another unit. Only such values are named so that the sickest patient cannot
     * have them in the right unit: a mean pressure of 25 may be shock, and not kPa.
     *
     * @param unit the UCUM unit that the values are in; 1 is a fraction of what is in %
     * @param above lower bound of the values, exclusive
     * @param upTo upper bound of the values, inclusive
     */
    public record OtherUnit(String unit, double above, double upTo) {

        public OtherUnit {
            if (!(above < upTo)) {
                throw new IllegalArgumentException(unit + ": " + above + " is not below " + upTo);
            }
        }

        boolean contains(double value) {
            return value > above && value <= upTo;
        }
    }

    public VitalSign {
        otherUnits = List.copyOf(otherUnits);
        if (!(low < high)) {
            throw new IllegalArgumentException(code + ": low " + low + " is not below high " + high);
        }
        for (var other : otherUnits) {
            if (other.contains(high)) {
                throw new IllegalArgumentException(code + ": high " + high + " would be a value in " + other.unit());
            }
        }
    }

    public VitalSign(String code, String name, String unit, double low, double high) {
        this(code, name, unit, low, high, List.of());
    }

    boolean isInAnotherUnit(double value) {
        for (int i = 0; i < otherUnits.size(); i++) {
            if (otherUnits.get(i).contains(value)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the value from which on no plausible value betrays another unit. */
    double unambiguousLow() {
        double from = low;
        for (int i = 0; i < otherUnits.size(); i++) {
            double upTo = otherUnits.get(i).upTo();
            if (upTo >= from && upTo < high) {
                from = Math.nextUp(upTo);
            }
        }
        return from;
    }
}
