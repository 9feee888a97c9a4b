package io.pulseplane.vitals.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The bytes of chunks of version 1. They must never change, because every later plane must read the chunks on disk.
 */
class ChunkFormatTest {

    private static final long START = 1_790_000_000_000_000L;
    private static final long SECOND = 1_000_000;

    @Test
    void regular_decimals() {
        var values = new double[] {62.8, 57.8, 58.1, 58.1, 57.9, 60.2, 59.4, 58.8, 58.8, 58.7};
        assertWritten(
                regular(10),
                values,
                "010a00e025dafe5b0600c0a8a504" // ten readings, first time, nine seconds
                        + "01" // regular
                        + "01840906" // tenths, base 578, width of six bits
                        + "32300c0106294a02"
                        + "b8cd511f");
    }

    @Test
    void minutes_with_a_gap_and_an_exception() {
        var times = LongStream.of(0, 1, 2, 5, 6, 7, 8, 9, 10, 11)
                .map(minute -> START + minute * 60 * SECOND)
                .toArray();
        var values = new double[10];
        Arrays.fill(values, 98.6);
        values[4] = -0.0;
        assertWritten(
                times,
                values,
                "010a00e025dafe5b0600809adbba02"
                        + "02808ece1c0501" // delta encoding, unit of a minute, five bytes, smallest delta 1
                        + "02200000"
                        + "81010400000000000000" // tenths, one exception, the fifth
                        + "80b40f00" // the rest of the exception; base 986, width 0
                        + "df9588e2");
    }

    @Test
    void doubles_of_all_digits() {
        assertWritten(
                new long[] {-1, 7},
                new double[] {Math.PI, Math.E},
                "0102ffffffffffffffff08" + "01" + "6000b0b4a1c4eafe90898001" + "335dab5f92e1c506" + "5d591dd7");
    }

    @Test
    void two_blocks_with_a_summary() {
        var values = new double[1_300];
        Arrays.setAll(values, i -> i < 700 ? 36.6 : 36.7);
        assertWritten(
                regular(1_300),
                values,
                "11940a00e025dafe5b0600c0d5b4eb04"
                        + "01dc05020001b009d804" // tenths: first 366, last 1 more, largest 1 more, sum
                        // of distances 600, sum of their squares 600
                        + "01c0fbe6e703" // regular, for 1,023 seconds
                        + "0841dc054101bb05" // deltas with one patch, the 700th
                        + "02" // with high bits 1
                        + "0001de0500" // continuation; base 367, width 0
                        + "0b13c492");
    }

    @Test
    void a_sensor_that_comes_off() {
        var values = new double[40];
        Arrays.setAll(values, i -> i >= 20 && i < 30 ? 0 : (970 + i * i % 5 * (i % 4)) / 10.0);
        assertWritten(
                regular(40),
                values,
                "012800e025dafe5b0600c0afcc12"
                        + "01" // regular
                        + "41940f" // tenths, deltas, base 970
                        + "b8cac0663c500000603c10" // Rice with patches: two low bits of each
                        + "0a91604170e549fe5f7992" // quotients in unary, ten bytes
                        + "0213e60309e503" // two patches: after 19 integers, and after nine more
                        + "e8b24e00");
    }

    private static long[] regular(int count) {
        return LongStream.range(0, count).map(i -> START + i * SECOND).toArray();
    }

    private static void assertWritten(long[] times, double[] values, String hex) {
        var chunk = new ChunkEncoder().encode(times, values, 0, times.length);
        assertThat(HexFormat.of().formatHex(chunk)).isEqualTo(hex);

        var reader = new ChunkReader().open(HexFormat.of().parseHex(hex));
        var timesRead = new long[times.length];
        var valuesRead = new double[times.length];
        reader.times(0, times.length, timesRead, 0);
        reader.values(0, times.length, valuesRead, 0);
        assertThat(timesRead).isEqualTo(times);
        assertThat(ChunkRoundTripTest.bits(valuesRead)).isEqualTo(ChunkRoundTripTest.bits(values));
    }
}
