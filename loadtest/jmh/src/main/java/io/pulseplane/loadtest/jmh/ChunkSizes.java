package io.pulseplane.loadtest.jmh;

import io.pulseplane.vitals.chunk.ChunkEncoder;
import io.pulseplane.vitals.chunk.ChunkReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/**
 * Prints how many bytes a reading takes in chunks, by code, for a CSV with the columns {@code measured_at},
 * {@code device_id}, {@code patient_id}, {@code code} and {@code value}. It prints this for all readings and for the
 * plausible ones, which the plane accepts. The recording is repeated with shifted times, so that the chunks are as long
 * as those of a plane.
 *
 * <p>Arguments: the file; the readings per chunk, 0 for the greatest number; how many times the recording is repeated.
 */
public final class ChunkSizes {

    private static final int TIME = 0;
    private static final int CODE = 3;
    private static final int VALUE = 4;

    private record Series(long[] times, double[] values) {

        Series filter(BiPredicate<Long, Double> predicate) {
            var indexes = new ArrayList<Integer>();
            for (int i = 0; i < times.length; i++) {
                if (predicate.test(times[i], values[i])) {
                    indexes.add(i);
                }
            }
            return new Series(
                    indexes.stream().mapToLong(i -> times[i]).toArray(),
                    indexes.stream().mapToDouble(i -> values[i]).toArray());
        }

        Series repeat(int repeats, long periodUs) {
            int size = times.length;
            var repeatedTimes = new long[size * repeats];
            var repeatedValues = new double[size * repeats];
            for (int i = 0; i < repeatedTimes.length; i++) {
                repeatedTimes[i] = times[i % size] + i / size * periodUs;
                repeatedValues[i] = values[i % size];
            }
            return new Series(repeatedTimes, repeatedValues);
        }
    }

    public static void main(String[] arguments) throws IOException {
        var recording = read(Path.of(arguments[0]));
        int maxReadings = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
        int repeats = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 1;
        print("all readings", recording, maxReadings, repeats);
        var plausible = new TreeMap<String, Series>();
        recording.forEach((code, series) -> {
            var plausibleSeries = series.filter((_, value) -> isPlausible(code, value));
            if (plausibleSeries.times.length > 0) {
                plausible.put(code, plausibleSeries);
            }
        });
        print("plausible readings", plausible, maxReadings, repeats);
    }

    /** The ranges of the plane's catalogue for the codes of the recording. */
    private static boolean isPlausible(String code, double value) {
        return switch (code) {
            case "8867-4", "8889-8" -> value >= 20 && value <= 300;
            case "76214-6", "76534-7" -> value >= 50 && value <= 250;
            case "76213-8", "76535-4" -> value >= 30 && value <= 150;
            case "76212-0", "76536-2" -> value >= 30 && value <= 200;
            case "9279-1" -> value >= 0 && value <= 150;
            case "59408-5" -> value >= 0 && value <= 100;
            default -> true;
        };
    }

    private static Map<String, Series> read(Path file) throws IOException {
        var times = new TreeMap<String, List<Long>>();
        var values = new TreeMap<String, List<Double>>();
        try (var lines = Files.lines(file)) {
            lines.skip(1).map(line -> line.split(",", -1)).forEach(cells -> {
                long micros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(cells[TIME]));
                times.computeIfAbsent(cells[CODE], _ -> new ArrayList<>()).add(micros);
                values.computeIfAbsent(cells[CODE], _ -> new ArrayList<>()).add(Double.valueOf(cells[VALUE]));
            });
        }
        var series = new TreeMap<String, Series>();
        times.forEach((code, column) -> series.put(
                code,
                new Series(
                        column.stream().mapToLong(Long::longValue).toArray(),
                        values.get(code).stream()
                                .mapToDouble(Double::doubleValue)
                                .toArray())));
        return series;
    }

    private static void print(String title, Map<String, Series> recording, int maxReadings, int repeats) {
        long start = recording.values().stream()
                .mapToLong(series -> series.times[0])
                .min()
                .orElseThrow();
        long end = recording.values().stream()
                .mapToLong(series -> series.times[series.times.length - 1])
                .max()
                .orElseThrow();
        long periodUs = Math.ceilDiv(end - start + 1, 60_000_000L) * 60_000_000L;
        long readings = 0;
        long bytes = 0;
        System.out.println(title);
        for (var series : recording.entrySet()) {
            var repeated = series.getValue().repeat(repeats, periodUs);
            int count = repeated.times.length;
            long size = sizeOf(repeated, maxReadings > 0 ? maxReadings : ChunkEncoder.MAX_READINGS);
            readings += count;
            bytes += size;
            System.out.printf(
                    "  %-8s %9d readings %10d bytes %6.3f a reading%n",
                    series.getKey(), count, size, (double) size / count);
        }
        System.out.printf(
                "  %-8s %9d readings %10d bytes %6.3f a reading%n", "", readings, bytes, (double) bytes / readings);
    }

    private static long sizeOf(Series series, int maxReadings) {
        var encoder = new ChunkEncoder();
        var reader = new ChunkReader();
        long size = 0;
        for (int from = 0; from < series.times.length; from += maxReadings) {
            int to = Math.min(series.times.length, from + maxReadings);
            var chunk = encoder.encode(series.times, series.values, from, to);
            var values = new double[to - from];
            reader.open(chunk).values(0, to - from, values, 0);
            if (!Arrays.equals(values, 0, to - from, series.values, from, to)) {
                throw new IllegalStateException("the decoded values differ from the encoded ones");
            }
            size += chunk.length;
        }
        return size;
    }

    private ChunkSizes() {}
}
