package io.pulseplane.vitals;

import io.pulseplane.vitals.VitalSign.OtherUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The vital signs that the plane accepts, by LOINC code. Immutable.
 *
 * <p>A range has the values that a bedside monitor can plausibly report. It is wide enough for every patient, and
 * narrow enough to reject the values of a sensor that fell off. The ranges are not alarm limits.
 */
public final class Catalogue {

    private static final OtherUnit FRACTION = new OtherUnit("1", 0, 1);
    /** 30 to 45 Cel, as the plausible range. No body is as hot in Cel. */
    private static final OtherUnit FAHRENHEIT = new OtherUnit("[degF]", 85.9, 113);

    private static final OtherUnit KELVIN = new OtherUnit("K", 303.1, 318.2);

    private static final Catalogue STANDARD = new Catalogue(
            List.of(
                    new VitalSign("8867-4", "Heart rate", "/min", 20, 300),
                    new VitalSign("8889-8", "Heart rate by pulse oximetry", "/min", 20, 300),
                    new VitalSign("9279-1", "Respiratory rate", "/min", 0, 150),
                    new VitalSign("59408-5", "Oxygen saturation by pulse oximetry", "%", 0, 100, List.of(FRACTION)),
                    new VitalSign("8310-5", "Body temperature", "Cel", 30, 45, List.of(FAHRENHEIT, KELVIN)),
                    new VitalSign("8480-6", "Systolic blood pressure", "mm[Hg]", 50, 250),
                    new VitalSign("8462-4", "Diastolic blood pressure", "mm[Hg]", 30, 150),
                    new VitalSign("8478-0", "Mean blood pressure", "mm[Hg]", 30, 200),
                    new VitalSign("76534-7", "Systolic blood pressure, cuff", "mm[Hg]", 50, 250),
                    new VitalSign("76535-4", "Diastolic blood pressure, cuff", "mm[Hg]", 30, 150),
                    new VitalSign("76536-2", "Mean blood pressure, cuff", "mm[Hg]", 30, 200),
                    new VitalSign("76214-6", "Systolic blood pressure, invasive", "mm[Hg]", 50, 250),
                    new VitalSign("76213-8", "Diastolic blood pressure, invasive", "mm[Hg]", 30, 150),
                    new VitalSign("76212-0", "Mean blood pressure, invasive", "mm[Hg]", 30, 200),
                    new VitalSign("2339-0", "Glucose in blood", "mg/dL", 10, 1000)),
            List.of(
                    new PressurePair("8480-6", "8462-4"),
                    new PressurePair("76534-7", "76535-4"),
                    new PressurePair("76214-6", "76213-8")));

    private final Map<String, VitalSign> signs = new LinkedHashMap<>();
    private final List<PressurePair> pressures;

    public Catalogue(List<VitalSign> signs, List<PressurePair> pressures) {
        for (var sign : signs) {
            if (this.signs.put(sign.code(), sign) != null) {
                throw new IllegalArgumentException(sign.code() + " is listed twice");
            }
        }
        this.pressures = List.copyOf(pressures);
    }

    /** Returns the catalogue with which every plane starts. */
    public static Catalogue standard() {
        return STANDARD;
    }

    public Optional<VitalSign> find(String code) {
        return Optional.ofNullable(signs.get(code));
    }

    public List<PressurePair> pressurePairs() {
        return pressures;
    }
}
