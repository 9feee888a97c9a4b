package io.pulseplane.vitals.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Upper bounds of the size of chunks, so that a change of the format that makes them larger is noticed. */
class ChunkSizeTest {

    private static final Path RECORDING = Path.of("..", "..", "..", "shared", "data", "icu-numerics.csv");
    private static final int DAY = 86_400;

    private final ChunkEncoder encoder = new ChunkEncoder();

    @ParameterizedTest
    @CsvSource({
        "REGULAR, CONSTANT, 700",
        "REGULAR, RARELY_CHANGING, 1_200",
        "REGULAR, ALTERNATING, 68_000",
        "REGULAR, MONITOR, 51_000",
        "REGULAR, FLOATS, 51_000",
        "REGULAR, DOUBLES, 640_000",
        "REGULAR, COMING_OFF, 44_000",
        "WITH_GAPS, CONSTANT, 12_000",
        "CHANGING_STEP, CONSTANT, 3_000",
        "DRIFTING, CONSTANT, 25_000",
        "LATE_BY_MILLISECONDS, CONSTANT, 56_000",
    })
    void a_day_at_one_hertz_takes_at_most(ColumnShape.Times times, ColumnShape.Values values, String maxBytes) {
        assertThat(sizeOf(times, values, DAY)).isLessThan(Integer.parseInt(maxBytes.replace("_", "")));
    }

    @ParameterizedTest
    @CsvSource({"1, 26", "2, 30", "10, 40", "100, 110", "1000, 640"})
    void few_readings_of_a_monitor_take_at_most(int count, int maxBytes) {
        assertThat(sizeOf(ColumnShape.Times.REGULAR, ColumnShape.Values.MONITOR, count))
                .isLessThan(maxBytes);
    }

    @Test
    void random_bits_take_little_more_than_eight_bytes_a_value() {
        assertThat(sizeOf(ColumnShape.Times.REGULAR, ColumnShape.Values.ANY_BITS, DAY))
                .isLessThan(DAY * 8 + DAY / 20);
    }

    /** Repeats a recording fifty times, with all its readings, also the zeroes of unplugged sensors. */
    @Test
    void a_real_recording_takes_less_than_half_a_byte_a_reading() throws IOException {
        assumeTrue(Files.isReadable(RECORDING), "this test needs the recording " + RECORDING);
        int repeats = 50;
        long bytes = 0;
        long readings = 0;
        for (var rows : rowsByCode()) {
            int size = rows.size();
            var times = new long[size * repeats];
            var values = new double[size * repeats];
            for (int i = 0; i < times.length; i++) {
                times[i] = micros(rows.get(i % size)[0]) + i / size * 90_000_000_000L;
                values[i] = Double.parseDouble(rows.get(i % size)[4]);
            }
            bytes += encoder.encode(times, values, 0, times.length).length;
            readings += times.length;
        }
        assertThat(readings).isEqualTo(10_860L * repeats);
        assertThat(bytes).isLessThan(readings / 2);
    }

    private static Iterable<List<String[]>> rowsByCode() throws IOException {
        try (var lines = Files.lines(RECORDING)) {
            return lines.skip(1)
                    .map(line -> line.split(",", -1))
                    .collect(Collectors.groupingBy(cells -> cells[3]))
                    .values();
        }
    }

    private static long micros(String time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(time));
    }

    private int sizeOf(ColumnShape.Times times, ColumnShape.Values values, int count) {
        var random = new SplittableRandom(1);
        return encoder.encode(times.generate(random, count), values.generate(random, count), 0, count).length;
    }
}
