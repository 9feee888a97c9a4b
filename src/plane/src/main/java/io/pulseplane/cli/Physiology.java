package io.pulseplane.cli;

import io.pulseplane.client.BatchBuilder;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.VitalSign;
import java.util.List;

/**
 * Simulates the vital signs of a patient. A value depends on seed, code and time alone, so that the same seed gives the
 * same readings again.
 *
 * <p>A value has a baseline for each person, a circadian swing (heart rate and temperature are lowest at 4 in the
 * morning), drift over minutes and beat-to-beat noise. Movement artefacts look like values, sensors fall off and read
 * 0, and drop-outs give no value at all. The figures resemble a ward; they are not medically exact.
 */
final class Physiology {

    private static final long SECOND = 1_000_000L;
    private static final double DAY = 86_400.0 * SECOND;

    /** The baseline of a vital sign and how it varies, in the sign's unit. */
    private record Shape(
            String code, double baseline, double betweenPeople, double circadian, double drift, double noise) {}

    private static final List<Shape> SHAPES = List.of(
            new Shape("8867-4", 74, 10, 6, 5, 1.2),
            new Shape("8889-8", 74, 10, 6, 5, 1.6),
            new Shape("9279-1", 15, 2, 1.5, 1.5, 0.7),
            new Shape("59408-5", 97, 1, 0.3, 0.7, 0.4),
            new Shape("8310-5", 36.8, 0.2, 0.4, 0.1, 0.03),
            new Shape("76214-6", 122, 10, 6, 6, 2.5),
            new Shape("76213-8", 74, 6, 4, 4, 2),
            new Shape("76212-0", 90, 7, 5, 5, 2));

    private static final int SPELL_SECONDS = 20;
    private static final double SENSOR_OFF = 0.004;
    private static final double DROP_OUT = 0.003;
    private static final double ARTEFACT = 0.0005;

    private final long seed;

    Physiology(long seed) {
        this.seed = seed;
    }

    static int signs() {
        return SHAPES.size();
    }

    /** Adds the readings of one time, in microseconds, to the batch. */
    void report(long time, BatchBuilder batch) {
        for (int sign = 0; sign < SHAPES.size(); sign++) {
            long spell = time / (SPELL_SECONDS * SECOND);
            double chance = random(sign, 1, spell);
            if (chance < DROP_OUT) {
                continue;
            }
            var shape = SHAPES.get(sign);
            double value = chance < DROP_OUT + SENSOR_OFF ? 0 : value(shape, sign, time);
            batch.add(time, shape.code(), value, unit(shape));
        }
    }

    private static String unit(Shape shape) {
        return Catalogue.standard().find(shape.code()).map(VitalSign::unit).orElseThrow();
    }

    private double value(Shape shape, int sign, long time) {
        // Signs of one organ share baseline and drift: the pulse follows the heart, the pressures move together.
        int organ = sign < 2 ? 0 : sign >= 5 ? 5 : sign;
        double person = swing(organ, 2, 0) * shape.betweenPeople();
        double hour = -Math.cos((time / DAY - 4.0 / 24) * 2 * Math.PI) * shape.circadian();
        double drift = (smooth(organ, 3, time / (300.0 * SECOND)) + smooth(organ, 4, time / (45.0 * SECOND)) / 2)
                * shape.drift();
        double noise = smooth(sign, 5, time / (2.5 * SECOND)) * shape.noise();
        double artefact = random(sign, 6, time / SECOND) < ARTEFACT ? 40 * swing(sign, 7, time / SECOND) : 0;
        double value = shape.baseline() + person + hour + drift + noise + artefact;
        double ceiling = shape.code().equals("59408-5") ? 100 : Double.MAX_VALUE;
        // Monitors report one decimal.
        return Math.round(Math.min(ceiling, value) * 10) / 10.0;
    }

    /** Noise from -1 to 1 that changes smoothly between points. */
    private double smooth(int sign, int purpose, double position) {
        long before = (long) Math.floor(position);
        double fraction = position - before;
        double eased = fraction * fraction * (3 - 2 * fraction);
        return swing(sign, purpose, before) * (1 - eased) + swing(sign, purpose, before + 1) * eased;
    }

    private double swing(int sign, int purpose, long point) {
        return 2 * random(sign, purpose, point) - 1;
    }

    /** A number from 0 to 1 that depends on the arguments alone: they pass through the mixer of SplittableRandom. */
    private double random(int sign, int purpose, long point) {
        long z = seed * 0x9E3779B97F4A7C15L + sign * 0xD1B54A32D192ED03L + purpose * 0x8CB92BA72F3D8DD7L + point;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return ((z ^ z >>> 31) >>> 11) * 0x1.0p-53;
    }
}
