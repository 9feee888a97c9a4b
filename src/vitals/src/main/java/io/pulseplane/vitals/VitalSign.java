package io.pulseplane.vitals;

/**
 * One entry of the {@link Catalogue}: the meaning of a code, and the values that a living patient can have.
 *
 * @param code LOINC code
 * @param name short form of the name that LOINC gives it
 * @param unit UCUM unit, the only one accepted for this code
 * @param low smallest plausible value, inclusive
 * @param high largest plausible value, inclusive
 */
public record VitalSign(String code, String name, String unit, double low, double high) {

    public VitalSign {
        if (!(low < high)) {
            throw new IllegalArgumentException(code + ": low " + low + " is not below high " + high);
        }
    }
}
