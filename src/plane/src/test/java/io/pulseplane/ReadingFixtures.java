package io.pulseplane;

import io.pulseplane.store.Store;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Creates readings and columns for tests, and appends them to stores. */
public final class ReadingFixtures {

    public static final String HEART_RATE = "8867-4";
    public static final String RESPIRATORY_RATE = "9279-1";
    public static final String OXYGEN_SATURATION = "59408-5";

    public static final Subject ADA = new Subject.OfPatient("ada");

    /** A timeout for the slowest machine; a passing test never waits this long. */
    public static final Duration TIMEOUT = Duration.ofSeconds(30);

    private static final AtomicLong SEQUENCE = new AtomicLong();

    private ReadingFixtures() {}

    public static Series series(String patient, String device, String code) {
        return new Series(patient, device, code, code.equals(OXYGEN_SATURATION) ? "%" : "/min");
    }

    public static Columns columns(Series series, long[] times, double... values) {
        return new Columns(series, times, values);
    }

    /** Creates columns with one reading. */
    public static Columns oneReading(Series series, long time, double value) {
        return new Columns(series, new long[] {time}, new double[] {value});
    }

    /** Creates readings at step, 2 * step, 3 * step and so on, with values from 60 to 99. */
    public static Columns regularColumns(long step, int size, Series series) {
        return new Columns(
                series,
                LongStream.rangeClosed(1, size).map(i -> i * step).toArray(),
                IntStream.range(0, size).mapToDouble(i -> 60 + i % 40).toArray());
    }

    /** Creates at most {@code size} readings at random times before {@code end}, with values of one decimal. */
    public static Columns randomColumns(SplittableRandom random, Series series, int size, long end) {
        var times = random.longs(size, 0, end).sorted().distinct().toArray();
        var values = LongStream.of(times).mapToDouble(_ -> 20 + random.nextInt(2_800) / 10.0);
        return new Columns(series, times, values.toArray());
    }

    public static Stream<Reading> readingsOf(Columns columns) {
        return IntStream.range(0, columns.size())
                .mapToObj(i -> new Reading(columns.series(), columns.times()[i], columns.values()[i]));
    }

    public static long[] times(long... times) {
        return times;
    }

    /** Creates a batch of the patient and device of its first columns; its digest is its sequence. */
    public static ScreenedBatch batch(long sequence, Columns... columns) {
        var series = columns[0].series();
        var blocks = Stream.of(columns)
                .map(block -> new ScreenedBatch.Block(block, null))
                .toList();
        return new ScreenedBatch(series.device(), series.patient(), sequence, sequence, blocks, 0, List.of());
    }

    /** Appends the columns, each as its own batch. */
    public static void appendAll(Store store, Columns... columns) {
        appendAll(store, List.of(columns));
    }

    /** Appends the columns, each as its own batch. */
    public static void appendAll(Store store, List<Columns> columns) {
        var group = columns.stream()
                .map(block -> batch(SEQUENCE.incrementAndGet(), block))
                .toList();
        await(store.readings().append(group));
    }

    public static <T> T await(Uni<T> answer) {
        return answer.await().atMost(TIMEOUT);
    }
}
