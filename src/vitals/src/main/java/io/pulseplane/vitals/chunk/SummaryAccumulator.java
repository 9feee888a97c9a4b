package io.pulseplane.vitals.chunk;

import java.util.Optional;

/**
 * Computes, writes and reads the summary of a chunk. It adds the distances from the first value, so that their squares
 * stay small: exactly, as integers of one decimal scale; or as doubles, in the order of time.
 */
final class SummaryAccumulator {

    /**
     * The squared distances between integers below this bound, as many as a chunk holds, have a sum that fits a long.
     */
    private static final long DECIMAL_BOUND = 1L << 20;

    private static final double MAX_BINARY_SUM = 0x1p502;
    private static final double MAX_BINARY_SQUARES = 0x1p984;

    private int kind;

    /** The scale of the decimal summary; -1 before the first block. */
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

    /**
     * Adds a block of decimals of one scale. A scale of -1 means that the values are not decimals: then no summary is
     * decimal.
     */
    void addDecimals(long[] integers, int count, int blockScale) {
        if (scale < 0) {
            first = integers[0];
            min = first;
            max = first;
            shiftedSum = 0;
            shiftedSquares = 0;
            scale = blockScale;
        }
        if (kind != ChunkFormat.SUMMARY_DECIMAL || blockScale < 0 || blockScale != scale) {
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
        long sum = 0;
        long squares = 0;
        for (int i = 0; i < count; i++) {
            long integer = integers[i];
            long distance = integer - first;
            smallest = Math.min(smallest, integer);
            largest = Math.max(largest, integer);
            sum += distance;
            squares += distance * distance;
        }
        min = smallest;
        max = largest;
        shiftedSum += sum;
        shiftedSquares += squares;
        last = integers[count - 1];
    }

    /** Starts over with all values: the kind of the summary does not depend on the division into blocks. */
    void addAll(double[] values, int from, int to) {
        clear();
        int decimalScale = commonScale(values, from, to);
        if (decimalScale >= 0) {
            var integer = new long[1];
            for (int i = from; i < to; i++) {
                integer[0] = DecimalConverter.nearestInteger(values[i], decimalScale);
                addDecimals(integer, 1, decimalScale);
            }
        } else {
            addBinary(values, from, to);
        }
    }

    /** Returns the smallest scale at which all values are small decimals; -1 if there is none. */
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
        // With a NaN among the values, both bounds are NaN, and no comparison is true.
        boolean isBounded = binaryMin >= -ChunkSummary.MAX_MAGNITUDE && binaryMax <= ChunkSummary.MAX_MAGNITUDE;
        kind = isBounded ? ChunkFormat.SUMMARY_BINARY : ChunkFormat.SUMMARY_IMPOSSIBLE;
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

    void read(ByteReader source, int kindInHeader, int count) {
        kind = kindInHeader;
        boolean isValid = true;
        if (kind == ChunkFormat.SUMMARY_DECIMAL) {
            isValid = readDecimal(source, count);
        } else if (kind == ChunkFormat.SUMMARY_BINARY) {
            isValid = readBinary(source);
        }
        if (!isValid) {
            throw new CorruptDataException("no values have this summary");
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
                && shiftedSum >= -2L * count * DECIMAL_BOUND
                && shiftedSum <= 2L * count * DECIMAL_BOUND
                && shiftedSquares >= 0
                && shiftedSquares <= 4L * count * DECIMAL_BOUND * DECIMAL_BOUND;
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
        return new ChunkSummary(
                count,
                first / power,
                last / power,
                min / power,
                max / power,
                (count * first + shiftedSum) / power,
                exactSumOfSquaredDeviations(count) / count / power / power);
    }

    /** Returns {@code count * squares - sum * sum}, which exceeds a long and is never negative. */
    private double exactSumOfSquaredDeviations(long count) {
        long productLow = count * shiftedSquares;
        long squareLow = shiftedSum * shiftedSum;
        long low = productLow - squareLow;
        long borrow = Long.compareUnsigned(productLow, squareLow) < 0 ? 1 : 0;
        long high = Math.multiplyHigh(count, shiftedSquares) - Math.multiplyHigh(shiftedSum, shiftedSum) - borrow;
        return Math.max(0, high * 0x1p64 + unsignedToDouble(low));
    }

    /** Halves a large number so that its lowest bit still counts, and the conversion rounds only once. */
    private static double unsignedToDouble(long number) {
        return number >= 0 ? number : ((number >>> 1) | (number & 1)) * 2.0;
    }

    private ChunkSummary binarySummary(int count) {
        return new ChunkSummary(
                count,
                binaryFirst,
                binaryLast,
                binaryMin,
                binaryMax,
                count * binaryFirst + binaryShiftedSum,
                Math.max(0, binaryShiftedSquares - binaryShiftedSum / count * binaryShiftedSum));
    }
}
