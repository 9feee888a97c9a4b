package io.pulseplane.vitals;

import java.util.List;

/**
 * One entry of the {@link Catalogue}: the meaning of a code, and the values that it can have.
 *
 * @param code LOINC code
 * @param name short form of the name that LOINC gives it
 * @param unit UCUM unit, the only one accepted for this code
 * @param mdc what IEEE 11073-10101 calls it, such as MDC_ECG_HEART_RATE; empty if that is not known
 * @param plausible values that a device can plausibly report of a patient who is alive
 * @param possible the plausible values, and those that only the sickest have, or a body without life
 * @param otherUnits values that no patient has in this unit, but that are common in another one
 * @param source where the ranges are from; empty if nobody said
 */
public record VitalSign(
        String code,
        String name,
        String unit,
        String mdc,
        ValueRange plausible,
        ValueRange possible,
        List<OtherUnit> otherUnits,
        String source) {

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
        if (!possible.contains(plausible)) {
            throw new IllegalArgumentException("the plausible range exceeds the possible range");
        }
        for (var other : otherUnits) {
            if (other.contains(plausible.high()) || other.contains(possible.high())) {
                throw new IllegalArgumentException("the highest value would be one in " + other.unit());
            }
        }
    }

    boolean isInAnotherUnit(double value) {
        for (int i = 0; i < otherUnits.size(); i++) {
            if (otherUnits.get(i).contains(value)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the value from which on no value of the range betrays another unit. */
    double unambiguousLow(ValueRange range) {
        double from = range.low();
        for (int i = 0; i < otherUnits.size(); i++) {
            double upTo = otherUnits.get(i).upTo();
            if (upTo >= from && upTo < range.high()) {
                from = Math.nextUp(upTo);
            }
        }
        return from;
    }
}
