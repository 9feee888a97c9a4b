package io.pulseplane.vitals.chunk;

import java.util.Optional;

/**
 * How a summary is computed and written. Distances are taken from the first value, so that squares stay small: as integers
 * of one decimal scale, whose sums are exact; or as doubles, which are added in the order of time.
 */
final class SummaryAccumulator {

    /** Integers this small, a chunk of them, have squares of distances whose sum is a long. */
    private static final long DECIMAL_BOUND = 1L << 20;

    private static final double MAX_BINARY_SUM = 0x1p502;
    private static final double MAX_BINARY_SQUARES = 0x1p984;

    private int kind;

    /** Of the decimal form; or -1 before the first block. */
    private int scale;

    private long first;
    private long last;
    private long min;
    private long max;
    private long shiftedSum;
    private long shiftedSquares;

    private double binaryFirst;
    private double binaryLast;
    private double binaryMin;
    private double binaryMax;
    private double binaryShiftedSum;
    private double binaryShiftedSquares;

    void clear() {
        kind = ChunkFormat.SUMMARY_DECIMAL;
        scale = -1;
    }

    int kind() {
        return kind;
    }

    /** Adds a block of decimals of that scale; -1 says that it is none, and then the form ceases to be decimal. */
    void addDecimals(long[] integers, int count, int ofScale) {
        if (scale < 0) {
            first = integers[0];
            min = first;
            max = first;
            shiftedSum = 0;
            shiftedSquares = 0;
            scale = ofScale;
        }
        if (kind != ChunkFormat.SUMMARY_DECIMAL || ofScale < 0 || ofScale != scale) {
            kind = ChunkFormat.SUMMARY_ABSENT;
            return;
        }
        add(integers, count);
        if (min <= -DECIMAL_BOUND || max >= DECIMAL_BOUND) {
            kind = ChunkFormat.SUMMARY_ABSENT;
        }
    }

    private void add(long[] integers, int count) {
        long smallest = min;
        long largest = max;
        long distances = 0;
        long squared = 0;
        for (int i = 0; i < count; i++) {
            long integer = integers[i];
            long distance = integer - first;
            smallest = Math.min(smallest, integer);
            largest = Math.max(largest, integer);
            distances += distance;
            squared += distance * distance;
        }
        min = smallest;
        max = largest;
        shiftedSum += distances;
        shiftedSquares += squared;
        last = integers[count - 1];
    }

    /** Starts over with all values: the form does not depend on how they are cut into blocks. */
    void addAll(double[] values, int from, int to) {
        clear();
        int common = commonScale(values, from, to);
        if (common >= 0) {
            var integer = new long[1];
            for (int i = from; i < to; i++) {
                integer[0] = DecimalConverter.nearestInteger(values[i], common);
                addDecimals(integer, 1, common);
            }
        } else {
            addBinary(values, from, to);
        }
    }

    /** The smallest scale at which all values are small decimals; -1 if there is none. */
    private static int commonScale(double[] values, int from, int to) {
        int scale = 0;
        for (int i = from; i < to; i++) {
            while (!DecimalConverter.isDecimal(values[i], scale)) {
                if (scale == DecimalConverter.MAX_SCALE) {
                    return -1;
                }
                scale++;
            }
        }
        for (int i = from; i < to; i++) {
            if (Math.abs(DecimalConverter.nearestInteger(values[i], scale)) >= DECIMAL_BOUND) {
                return -1;
            }
        }
        return scale;
    }

    private void addBinary(double[] values, int from, int to) {
        binaryFirst = values[from];
        binaryLast = values[to - 1];
        binaryMin = binaryFirst;
        binaryMax = binaryFirst;
        binaryShiftedSum = 0;
        binaryShiftedSquares = 0;
        for (int i = from; i < to; i++) {
            double distance = values[i] - binaryFirst;
            binaryMin = Math.min(binaryMin, values[i]);
            binaryMax = Math.max(binaryMax, values[i]);
            binaryShiftedSum += distance;
            binaryShiftedSquares += distance * distance;
        }
        // Of a NaN among the values both are NaN, and no comparison holds.
        boolean summable = binaryMin >= -ChunkSummary.MAX_MAGNITUDE && binaryMax <= ChunkSummary.MAX_MAGNITUDE;
        kind = summable ? ChunkFormat.SUMMARY_BINARY : ChunkFormat.SUMMARY_IMPOSSIBLE;
    }

    void write(ByteWriter sink) {
        if (kind == ChunkFormat.SUMMARY_DECIMAL) {
            sink.put(scale);
            sink.putSignedVarint(first);
            sink.putSignedVarint(last - first);
            sink.putVarint(first - min);
            sink.putVarint(max - first);
            sink.putSignedVarint(shiftedSum);
            sink.putVarint(shiftedSquares);
        } else if (kind == ChunkFormat.SUMMARY_BINARY) {
            sink.putLong(Double.doubleToRawLongBits(binaryFirst));
            sink.putLong(Double.doubleToRawLongBits(binaryLast));
            sink.putLong(Double.doubleToRawLongBits(binaryMin));
            sink.putLong(Double.doubleToRawLongBits(binaryMax));
            sink.putLong(Double.doubleToRawLongBits(binaryShiftedSum));
            sink.putLong(Double.doubleToRawLongBits(binaryShiftedSquares));
        }
    }

    void read(ByteReader source, int written, int count) {
        kind = written;
        boolean sound = true;
        if (kind == ChunkFormat.SUMMARY_DECIMAL) {
            sound = readDecimal(source, count);
        } else if (kind == ChunkFormat.SUMMARY_BINARY) {
            sound = readBinary(source);
        }
        if (!sound) {
            throw new CorruptChunkException("summary of no values");
        }
    }

    private boolean readDecimal(ByteReader source, int count) {
        scale = source.readVarintUpTo(DecimalConverter.MAX_SCALE);
        first = source.readSignedVarint();
        last = first + source.readSignedVarint();
        min = first - source.readVarint();
        max = first + source.readVarint();
        shiftedSum = source.readSignedVarint();
        shiftedSquares = source.readVarint();
        return min > -DECIMAL_BOUND
                && max < DECIMAL_BOUND
                && min <= Math.min(first, last)
                && max >= Math.max(first, last)
                && shiftedSum >= -count * 2 * DECIMAL_BOUND
                && shiftedSum <= count * 2 * DECIMAL_BOUND
                && shiftedSquares >= 0
                && shiftedSquares <= count * 4 * DECIMAL_BOUND * DECIMAL_BOUND;
    }

    private boolean readBinary(ByteReader source) {
        binaryFirst = Double.longBitsToDouble(source.readLong());
        binaryLast = Double.longBitsToDouble(source.readLong());
        binaryMin = Double.longBitsToDouble(source.readLong());
        binaryMax = Double.longBitsToDouble(source.readLong());
        binaryShiftedSum = Double.longBitsToDouble(source.readLong());
        binaryShiftedSquares = Double.longBitsToDouble(source.readLong());
        return binaryMin >= -ChunkSummary.MAX_MAGNITUDE
                && binaryMax <= ChunkSummary.MAX_MAGNITUDE
                && binaryMin <= Math.min(binaryFirst, binaryLast)
                && binaryMax >= Math.max(binaryFirst, binaryLast)
                && Math.abs(binaryShiftedSum) <= MAX_BINARY_SUM
                && binaryShiftedSquares >= 0
                && binaryShiftedSquares <= MAX_BINARY_SQUARES;
    }

    Optional<ChunkSummary> summary(int count) {
        return switch (kind) {
            case ChunkFormat.SUMMARY_DECIMAL -> Optional.of(decimalSummary(count));
            case ChunkFormat.SUMMARY_BINARY -> Optional.of(binarySummary(count));
            default -> Optional.empty();
        };
    }

    private ChunkSummary decimalSummary(int count) {
        double power = DecimalConverter.powerOfTen(scale);
        long allSquares = shiftedSquares + 2 * first * shiftedSum + count * first * first;
        return new ChunkSummary(
                count,
                first / power,
                last / power,
                min / power,
                max / power,
                (count * first + shiftedSum) / power,
                allSquares / power / power,
                exactSumOfSquaredDeviations(count) / count / power / power);
    }

    /** {@code count * squares - sum * sum}, which takes more than a long and is never negative. */
    private double exactSumOfSquaredDeviations(long count) {
        long productLow = count * shiftedSquares;
        long squareLow = shiftedSum * shiftedSum;
        long low = productLow - squareLow;
        long borrow = Long.compareUnsigned(productLow, squareLow) < 0 ? 1 : 0;
        long high = Math.multiplyHigh(count, shiftedSquares) - Math.multiplyHigh(shiftedSum, shiftedSum) - borrow;
        return Math.max(0, high * 0x1p64 + unsignedToDouble(low));
    }

    /** Odd if the long is, so that nothing but the one rounding is lost. */
    private static double unsignedToDouble(long number) {
        return number >= 0 ? number : (number >>> 1 | number & 1) * 2.0;
    }

    private ChunkSummary binarySummary(int count) {
        double allSquares =
                binaryShiftedSquares + 2 * binaryFirst * binaryShiftedSum + count * (binaryFirst * binaryFirst);
        return new ChunkSummary(
                count,
                binaryFirst,
                binaryLast,
                binaryMin,
                binaryMax,
                count * binaryFirst + binaryShiftedSum,
                Math.max(0, allSquares),
                Math.max(0, binaryShiftedSquares - binaryShiftedSum / count * binaryShiftedSum));
    }
}
