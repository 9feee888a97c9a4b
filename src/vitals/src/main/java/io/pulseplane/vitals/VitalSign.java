package io.pulseplane.vitals;

/**
 * One entry of the {@link Catalogue}: what a code means and which values a living patient can have.
 *
 * @param code LOINC code
 * @param name what LOINC calls it, in short
 * @param unit UCUM unit, the only one accepted for this code
 * @param low smallest plausible value, itself plausible
 * @param high largest plausible value, itself plausible
 */
public record VitalSign(String code, String name, String unit, double low, double high) {

    public VitalSign {
        if (!(low < high)) {
            throw new IllegalArgumentException(code + ": low " + low + " is not below high " + high);
        }
    }
}
