package io.pulseplane.loadtest.stores;

import io.pulseplane.loadtest.stores.BenchmarkedStore.SeriesRun;
import java.util.ArrayList;
import java.util.List;

/**
 * Generates heart rates at 1 Hz, for a number of series in turn. The values are a random walk around 75 in steps of a
 * tenth, and the same for every store.
 */
final class HeartRateGenerator {

    static final long FROM_US = 1_700_006_400_000_000L;

    private final long[] random;
    private final double[] walk;
    private final long[] nextUs;
    private int series;

    HeartRateGenerator(int series) {
        random = new long[series];
        walk = new double[series];
        nextUs = new long[series];
        for (int i = 0; i < series; i++) {
            random[i] = i * 0x9E3779B97F4A7C15L + 1;
            nextUs[i] = FROM_US;
        }
    }

    List<SeriesRun> nextGroup(int runs, int readings) {
        var group = new ArrayList<SeriesRun>(runs);
        for (int i = 0; i < runs; i++) {
            group.add(nextRun(readings));
        }
        return group;
    }

    private SeriesRun nextRun(int readings) {
        var times = new long[readings];
        var values = new double[readings];
        for (int i = 0; i < readings; i++) {
            random[series] = random[series] * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
            walk[series] = 0.98 * walk[series] + (random[series] >> 40) / (double) (1 << 23) * 0.2;
            times[i] = nextUs[series];
            values[i] = Math.round(10 * (75 + 20 * Math.clamp(walk[series], -1, 1))) / 10.0;
            nextUs[series] += BenchmarkedStore.SECOND_US;
        }
        var run = new SeriesRun(series, times, values);
        series = (series + 1) % nextUs.length;
        return run;
    }
}
