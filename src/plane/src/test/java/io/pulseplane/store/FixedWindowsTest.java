package io.pulseplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FixedWindowsTest {

    private static final long SEED = Long.getLong("windows.seed", System.nanoTime());

    @Test
    void windows_start_at_multiples_of_the_width_around_the_origin() {
        var windows = FixedWindows.startingAt(-7, 10);
        assertThat(windows.startOf(0)).isEqualTo(3);
        assertThat(windows.indexOf(2)).isEqualTo(-1);
        assertThat(windows.indexOf(3)).isZero();
        assertThat(windows.lastOf(0)).isEqualTo(12);
        assertThat(windows.firstStartingAt(3)).isZero();
        assertThat(windows.firstStartingAt(4)).isEqualTo(1);
    }

    @Test
    void all_times_of_readings_share_one_window() {
        assertThat(FixedWindows.ALL_TIME.indexOf(0)).isZero();
        assertThat(FixedWindows.ALL_TIME.indexOf(Long.MAX_VALUE - 1)).isZero();
        assertThat(FixedWindows.ALL_TIME.lastOf(0)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void indexes_and_starts_are_those_of_exact_arithmetic() {
        var random = new SplittableRandom(SEED);
        for (int i = 0; i < 100_000; i++) {
            long width = Math.max(1, random.nextLong() >>> (3 + random.nextInt(60)));
            long time = random.nextLong() >> (1 + random.nextInt(62));
            var windows = FixedWindows.startingAt(random.nextLong() >> random.nextInt(63), width);
            long index = windows.indexOf(time);
            var start = BigInteger.valueOf(index)
                    .multiply(BigInteger.valueOf(width))
                    .add(BigInteger.valueOf(windows.origin()));
            assertThat(windows.startOf(index))
                    .as("%s, %s, -Dwindows.seed=%s", windows, time, SEED)
                    .isEqualTo(start.longValueExact())
                    .isBetween(time - width + 1, time);
            assertThat(windows.lastOf(index)).isEqualTo(windows.startOf(index) + width - 1);
        }
    }

    @Test
    void starts_beyond_a_long_are_the_smallest_and_the_largest() {
        var windows = FixedWindows.startingAt(5, 10);
        assertThat(windows.startOf(Long.MAX_VALUE / 9)).isEqualTo(Long.MAX_VALUE);
        assertThat(windows.startOf(Long.MIN_VALUE / 9)).isEqualTo(Long.MIN_VALUE);
        assertThat(windows.lastOf(windows.indexOf(Long.MAX_VALUE))).isEqualTo(Long.MAX_VALUE);
        assertThat(windows.startOf(windows.indexOf(Long.MIN_VALUE))).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void a_width_below_one_and_an_origin_beyond_the_width_are_refused() {
        assertThatThrownBy(() -> new FixedWindows(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new FixedWindows(10, 10)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new FixedWindows(10, -1)).isInstanceOf(IllegalArgumentException.class);
    }
}
