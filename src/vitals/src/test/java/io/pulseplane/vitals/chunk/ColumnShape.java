package io.pulseplane.vitals.chunk;

import java.util.SplittableRandom;

/** Shapes of columns for tests. Each shape generates columns of any length from a seeded random. */
final class ColumnShape {

    private static final long START = 1_790_000_000_123_456L;
    private static final long SECOND = 1_000_000;

    enum Times {
        REGULAR,
        LATE_BY_MILLISECONDS,
        LATE_BY_MICROSECONDS,
        WITH_GAPS,
        CHANGING_STEP,
        DRIFTING,
        RANDOM,
        EVERY_MICROSECOND,
        FULL_RANGE,
        UP_TO_MAX_LONG;

        long[] generate(SplittableRandom random, int count) {
            var times = new long[count];
            long time = first(count);
            for (int i = 0; i < count; i++) {
                times[i] = time + jitter(random);
                time += step(random, i, count);
            }
            if (this == FULL_RANGE && count > 1) {
                times[0] = Long.MIN_VALUE;
                times[count - 1] = Long.MAX_VALUE;
            }
            return times;
        }

        private long first(int count) {
            return switch (this) {
                case FULL_RANGE -> Long.MIN_VALUE + 1;
                case UP_TO_MAX_LONG -> Long.MAX_VALUE - 7L * (count - 1);
                default -> START;
            };
        }

        private long jitter(SplittableRandom random) {
            return switch (this) {
                case LATE_BY_MILLISECONDS -> random.nextInt(20) * 1_000L;
                case LATE_BY_MICROSECONDS -> random.nextInt(20_000);
                default -> 0;
            };
        }

        private long step(SplittableRandom random, int i, int count) {
            return switch (this) {
                case WITH_GAPS -> random.nextInt(30) == 0 ? random.nextInt(2, 5_000) * SECOND : SECOND;
                case CHANGING_STEP -> (1L + i / 700) * SECOND;
                case DRIFTING -> SECOND + i;
                case RANDOM -> 1 + random.nextLong(1L << random.nextInt(1, 40));
                case EVERY_MICROSECOND -> 1;
                case FULL_RANGE -> random.nextLong(1, 2 + Long.divideUnsigned(-1, Math.max(2, count)) / 2);
                case UP_TO_MAX_LONG -> 7;
                default -> SECOND;
            };
        }
    }

    enum Values {
        MONITOR,
        WHOLE,
        CONSTANT,
        RARELY_CHANGING,
        ALTERNATING,
        MIXED_DECIMALS,
        MOSTLY_DECIMALS,
        FLOATS,
        DOUBLES,
        ALL_MAGNITUDES,
        HUGE,
        TINY,
        ANY_BITS,
        SPECIAL,
        SIGNED_ZEROES,
        DROPPING_TO_ZERO,
        COMING_OFF;

        private static final double[] SPECIALS = {
            0.0,
            -0.0,
            Double.MIN_VALUE,
            -Double.MIN_VALUE,
            Double.MIN_NORMAL,
            Double.MAX_VALUE,
            -Double.MAX_VALUE,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            Double.NaN,
            Double.longBitsToDouble(0x7FF0_0000_0000_0001L),
            Double.longBitsToDouble(0xFFF8_DEAD_BEEF_CAFEL),
            0x1p50,
            -0x1p50,
            0x1p51,
            0x1p52 + 1,
            0x1p53,
            0x1p63,
            0.1 + 0.2,
            1e15,
            1e22,
            37.5
        };

        double[] generate(SplittableRandom random, int count) {
            var values = new double[count];
            double level = 80;
            for (int i = 0; i < count; i++) {
                level += 0.4 * random.nextGaussian() + 0.01 * (80 - level);
                values[i] = value(random, i, level);
            }
            return values;
        }

        private double value(SplittableRandom random, int i, double level) {
            double decimal = Math.rint(level * 10) / 10;
            return switch (this) {
                case MONITOR -> decimal;
                case WHOLE -> Math.rint(level);
                case CONSTANT -> 98.6;
                case RARELY_CHANGING -> 98 + Math.floorDiv(i, 500) * 0.5;
                case ALTERNATING -> i % 2 == 0 ? 60 : 100;
                case MIXED_DECIMALS -> i / 300 % 2 == 0 ? decimal : Math.rint(level * 1_000) / 1_000;
                case MOSTLY_DECIMALS -> random.nextInt(50) == 0 ? level : decimal;
                case FLOATS -> (float) decimal;
                case DOUBLES -> level;
                case ALL_MAGNITUDES -> Math.scalb(level, random.nextInt(-1_000, 1_000));
                case HUGE -> level * 0x1p473;
                case TINY -> level * Double.MIN_VALUE;
                case ANY_BITS -> Double.longBitsToDouble(random.nextLong());
                case SPECIAL -> SPECIALS[random.nextInt(SPECIALS.length)];
                case SIGNED_ZEROES -> random.nextBoolean() ? 0.0 : -0.0;
                case DROPPING_TO_ZERO -> random.nextInt(20) == 0 ? 0 : decimal;
                case COMING_OFF -> i / 90 % 3 == 2 ? 0 : decimal;
            };
        }
    }

    private ColumnShape() {}
}
