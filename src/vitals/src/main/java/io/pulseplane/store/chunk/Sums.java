package io.pulseplane.store.chunk;

import java.util.Optional;

/**
 * How a summary is computed and written. Distances are taken from the first value, so that squares stay small: as integers
 * of one decimal scale, whose sums are exact; or as doubles, which are added in the order of time.
 */
final class Sums {

    /** Integers this small, a chunk of them, have squares of distances whose sum is a long. */
    private static final long DECIMAL_BOUND = 1L << 20;

    private static final double LARGEST_SUM = 0x1p502;
    private static final double LARGEST_SQUARES = 0x1p984;

    private int kind;

    /** Of the decimal form; or -1 before the first block. */
    private int scale;

    private long first;
    private long last;
    private long min;
    private long max;
    private long sum;
    private long squares;

    private double binaryFirst;
    private double binaryLast;
    private double binaryMin;
    private double binaryMax;
    private double binarySum;
    private double binarySquares;

    void clear() {
        kind = Format.SUMMARY_DECIMAL;
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
            sum = 0;
            squares = 0;
            scale = ofScale;
        }
        if (kind != Format.SUMMARY_DECIMAL || ofScale < 0 || ofScale != scale) {
            kind = Format.SUMMARY_ABSENT;
            return;
        }
        add(integers, count);
        if (min <= -DECIMAL_BOUND || max >= DECIMAL_BOUND) {
            kind = Format.SUMMARY_ABSENT;
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
        sum += distances;
        squares += squared;
        last = integers[count - 1];
    }

    /** Starts over with all values: the form does not depend on how they are cut into blocks. */
    void addUp(double[] values, int from, int to) {
        clear();
        int common = commonScale(values, from, to);
        if (common >= 0) {
            var integer = new long[1];
            for (int i = from; i < to; i++) {
                integer[0] = Decimals.nearest(values[i], common);
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
            while (!Decimals.isDecimal(values[i], scale)) {
                if (scale == Decimals.FINEST_SCALE) {
                    return -1;
                }
                scale++;
            }
        }
        for (int i = from; i < to; i++) {
            if (Math.abs(Decimals.nearest(values[i], scale)) >= DECIMAL_BOUND) {
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
        binarySum = 0;
        binarySquares = 0;
        for (int i = from; i < to; i++) {
            double distance = values[i] - binaryFirst;
            binaryMin = Math.min(binaryMin, values[i]);
            binaryMax = Math.max(binaryMax, values[i]);
            binarySum += distance;
            binarySquares += distance * distance;
        }
        // Of a NaN among the values both are NaN, and no comparison holds.
        boolean summable = binaryMin >= -ChunkSummary.LARGEST_VALUE && binaryMax <= ChunkSummary.LARGEST_VALUE;
        kind = summable ? Format.SUMMARY_BINARY : Format.SUMMARY_IMPOSSIBLE;
    }

    void write(Sink sink) {
        if (kind == Format.SUMMARY_DECIMAL) {
            sink.put(scale);
            sink.signed(first);
            sink.signed(last - first);
            sink.varint(first - min);
            sink.varint(max - first);
            sink.signed(sum);
            sink.varint(squares);
        } else if (kind == Format.SUMMARY_BINARY) {
            sink.fixed(Double.doubleToRawLongBits(binaryFirst));
            sink.fixed(Double.doubleToRawLongBits(binaryLast));
            sink.fixed(Double.doubleToRawLongBits(binaryMin));
            sink.fixed(Double.doubleToRawLongBits(binaryMax));
            sink.fixed(Double.doubleToRawLongBits(binarySum));
            sink.fixed(Double.doubleToRawLongBits(binarySquares));
        }
    }

    void read(Source source, int written, int count) {
        kind = written;
        boolean sound = true;
        if (kind == Format.SUMMARY_DECIMAL) {
            sound = readDecimal(source, count);
        } else if (kind == Format.SUMMARY_BINARY) {
            sound = readBinary(source);
        }
        if (!sound) {
            throw new ChunkDamaged("summary of no values");
        }
    }

    private boolean readDecimal(Source source, int count) {
        scale = source.upTo(Decimals.FINEST_SCALE);
        first = source.signed();
        last = first + source.signed();
        min = first - source.varint();
        max = first + source.varint();
        sum = source.signed();
        squares = source.varint();
        return min > -DECIMAL_BOUND
                && max < DECIMAL_BOUND
                && min <= Math.min(first, last)
                && max >= Math.max(first, last)
                && sum >= -count * 2 * DECIMAL_BOUND
                && sum <= count * 2 * DECIMAL_BOUND
                && squares >= 0
                && squares <= count * 4 * DECIMAL_BOUND * DECIMAL_BOUND;
    }

    private boolean readBinary(Source source) {
        binaryFirst = Double.longBitsToDouble(source.fixed());
        binaryLast = Double.longBitsToDouble(source.fixed());
        binaryMin = Double.longBitsToDouble(source.fixed());
        binaryMax = Double.longBitsToDouble(source.fixed());
        binarySum = Double.longBitsToDouble(source.fixed());
        binarySquares = Double.longBitsToDouble(source.fixed());
        return binaryMin >= -ChunkSummary.LARGEST_VALUE
                && binaryMax <= ChunkSummary.LARGEST_VALUE
                && binaryMin <= Math.min(binaryFirst, binaryLast)
                && binaryMax >= Math.max(binaryFirst, binaryLast)
                && Math.abs(binarySum) <= LARGEST_SUM
                && binarySquares >= 0
                && binarySquares <= LARGEST_SQUARES;
    }

    Optional<ChunkSummary> summary(int count) {
        return switch (kind) {
            case Format.SUMMARY_DECIMAL -> Optional.of(decimal(count));
            case Format.SUMMARY_BINARY -> Optional.of(binary(count));
            default -> Optional.empty();
        };
    }

    private ChunkSummary decimal(int count) {
        double power = Decimals.power(scale);
        long allSquares = squares + 2 * first * sum + count * first * first;
        return new ChunkSummary(
                count,
                first / power,
                last / power,
                min / power,
                max / power,
                (count * first + sum) / power,
                allSquares / power / power,
                exactSpread(count) / count / power / power);
    }

    /** {@code count * squares - sum * sum}, which takes more than a long and is never negative. */
    private double exactSpread(long count) {
        long productLow = count * squares;
        long squareLow = sum * sum;
        long low = productLow - squareLow;
        long borrow = Long.compareUnsigned(productLow, squareLow) < 0 ? 1 : 0;
        long high = Math.multiplyHigh(count, squares) - Math.multiplyHigh(sum, sum) - borrow;
        return Math.max(0, high * 0x1p64 + unsigned(low));
    }

    /** Odd if the long is, so that nothing but the one rounding is lost. */
    private static double unsigned(long number) {
        return number >= 0 ? number : (number >>> 1 | number & 1) * 2.0;
    }

    private ChunkSummary binary(int count) {
        double allSquares = binarySquares + 2 * binaryFirst * binarySum + count * (binaryFirst * binaryFirst);
        return new ChunkSummary(
                count,
                binaryFirst,
                binaryLast,
                binaryMin,
                binaryMax,
                count * binaryFirst + binarySum,
                Math.max(0, allSquares),
                Math.max(0, binarySquares - binarySum / count * binarySum));
    }
}
