package io.pulseplane.vitals;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The vital signs that the plane knows, by LOINC code. Immutable. {@link CatalogueFormat} reads one from text.
 *
 * <p>The plausible range of a vital sign is narrow enough to leave out the values of a sensor that fell off. It is not
 * wide enough for every patient: a heart may stand still. The possible range has such values, too. No range is an alarm
 * limit.
 */
public final class Catalogue {

    private static final Catalogue NONE = new Catalogue(List.of(), List.of());
    private static final Catalogue STANDARD = CatalogueFormat.parse(NONE, ShippedCatalogues.STANDARD);
    private static final Catalogue NEONATAL = CatalogueFormat.parse(STANDARD, ShippedCatalogues.NEONATAL);

    private final Map<String, VitalSign> signs = new LinkedHashMap<>();
    private final List<PressurePair> pressures;

    /** @throws IllegalArgumentException if a code is listed twice, or a pair has a code that is not listed */
    public Catalogue(Collection<VitalSign> signs, List<PressurePair> pressures) {
        for (var sign : signs) {
            if (this.signs.put(sign.code(), sign) != null) {
                throw new IllegalArgumentException(sign.code() + " is listed twice");
            }
        }
        for (var pair : pressures) {
            if (!unit(pair.systolic()).equals(unit(pair.diastolic()))) {
                throw new IllegalArgumentException(pair.systolic() + " and " + pair.diastolic() + " differ in unit");
            }
        }
        this.pressures = List.copyOf(pressures);
    }

    private String unit(String code) {
        return find(code)
                .orElseThrow(() -> new IllegalArgumentException(code + " is not listed"))
                .unit();
    }

    /** Returns the catalogue with which every plane starts. */
    public static Catalogue standard() {
        return STANDARD;
    }

    /** Returns the catalogue for wards of newborn and preterm infants. */
    public static Catalogue neonatal() {
        return NEONATAL;
    }

    /** Returns a catalogue without any vital sign. */
    public static Catalogue none() {
        return NONE;
    }

    public Optional<VitalSign> find(String code) {
        return Optional.ofNullable(signs.get(code));
    }

    /**
     * Returns the plausible values of a series, which every reader of a reading compares it with: {@link
     * ValueRange#ALL} if the catalogue does not have its code and unit.
     */
    public ValueRange plausible(Series series) {
        var sign = signs.get(series.code());
        return sign != null && sign.unit().equals(series.unit()) ? sign.plausible() : ValueRange.ALL;
    }

    public Collection<VitalSign> signs() {
        return Collections.unmodifiableCollection(signs.values());
    }

    public List<PressurePair> pressurePairs() {
        return pressures;
    }
}
