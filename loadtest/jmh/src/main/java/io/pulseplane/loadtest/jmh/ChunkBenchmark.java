package io.pulseplane.loadtest.jmh;

import io.pulseplane.vitals.chunk.ChunkEncoder;
import io.pulseplane.vitals.chunk.ChunkReader;
import io.pulseplane.vitals.chunk.ChunkSummary;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures how long it takes to write and to read a chunk, by the number and the kind of its readings. The results are
 * for a whole chunk: 86,400 readings are a day of a series at 1 Hz, and 1,000 are a batch. {@code decodeWindow} reads
 * one minute in the middle.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class ChunkBenchmark {

    private static final long START = 1_790_000_000_000_000L;
    private static final long SECOND = 1_000_000;

    /**
     * The kinds of readings: values with one decimal, a constant value, jittered times, missing seconds,
     * single-precision values, and doubles with all digits.
     */
    public enum Shape {
        MONITOR,
        CONSTANT,
        JITTERED,
        GAPS,
        FLOATS,
        DOUBLES
    }

    @Param({"10", "1000", "86400"})
    public int readings;

    @Param
    public Shape shape;

    private final ChunkEncoder encoder = new ChunkEncoder();
    private final ChunkReader reader = new ChunkReader();
    private long[] times;
    private double[] values;
    private byte[] chunk;
    private byte[] target;
    private long[] timesRead;
    private double[] valuesRead;

    @Setup
    public void encodeChunk() {
        var random = new SplittableRandom(1);
        times = new long[readings];
        values = new double[readings];
        timesRead = new long[readings];
        valuesRead = new double[readings];
        target = new byte[ChunkEncoder.maxLength(readings)];
        long time = START;
        double level = 80;
        for (int i = 0; i < readings; i++) {
            times[i] = time + (shape == Shape.JITTERED ? random.nextInt(20) * 1_000 : 0);
            time += shape == Shape.GAPS && random.nextInt(50) == 0 ? random.nextInt(2, 100) * SECOND : SECOND;
            level += 0.4 * random.nextGaussian() + 0.01 * (80 - level);
            values[i] = value(level);
        }
        chunk = encoder.encode(times, values, 0, readings);
    }

    private double value(double level) {
        return switch (shape) {
            case CONSTANT -> 98.0;
            case FLOATS -> (float) (Math.rint(level * 10) / 10);
            case DOUBLES -> level;
            default -> Math.rint(level * 10) / 10;
        };
    }

    @Benchmark
    public int encode() {
        return encoder.encode(times, values, 0, readings, target, 0);
    }

    @Benchmark
    public double[] decode() {
        reader.open(chunk);
        reader.times(0, readings, timesRead, 0);
        reader.values(0, readings, valuesRead, 0);
        return valuesRead;
    }

    @Benchmark
    public double[] decodeWindow() {
        reader.open(chunk);
        long middle = times[readings / 2];
        int from = reader.lowerBound(middle);
        int to = reader.lowerBound(middle + 60 * SECOND);
        reader.values(from, to, valuesRead, 0);
        return valuesRead;
    }

    @Benchmark
    public ChunkSummary summary() {
        return reader.open(chunk).summary().orElseThrow();
    }

    /** Copies the plain columns, for comparison. */
    @Benchmark
    public double[] copy() {
        System.arraycopy(times, 0, timesRead, 0, readings);
        System.arraycopy(values, 0, valuesRead, 0, readings);
        return Arrays.equals(timesRead, 0, 1, times, 0, 1) ? valuesRead : values;
    }
}
