package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Warms servers up until they do not get faster. If work and compiler share one core, a virtual machine needs most of a
 * minute for that, and a figure taken earlier depends on the order of the measurements.
 *
 * @param slice time of one step, long enough to measure a rate
 * @param timeout longest warm-up
 * @param rows the report's row for each warm-up
 */
record WarmUp(Duration slice, Duration timeout, List<List<Object>> rows) {

    /** A slice whose rate is higher by less than this factor is no better than the best before it. */
    private static final double GAIN = 1.03;

    /** A slice whose rate is below this share of the best is one in which the compiler was busy. */
    private static final double LOSS = 0.9;

    /** Slices in a row that must be no better. */
    private static final int STEADY_SLICES = 2;

    /** Least number of slices: the first ones are equal as well, because all code is still interpreted. */
    private static final int MIN_SLICES = 6;

    /** Loads the server for a time, and returns the answers a second. */
    interface Load {
        double perSecond(Duration length) throws IOException, InterruptedException;
    }

    WarmUp(Duration slice, Duration timeout) {
        this(slice, timeout, new ArrayList<>());
    }

    void run(String name, Load load) throws IOException, InterruptedException {
        long startNanos = System.nanoTime();
        double first = load.perSecond(slice);
        double best = first;
        int noBetter = 0;
        for (int slices = 1;
                slices < MIN_SLICES || (noBetter < STEADY_SLICES && System.nanoTime() - startNanos < timeout.toNanos());
                slices++) {
            double rate = load.perSecond(slice);
            noBetter = rate <= best * GAIN && rate >= best * LOSS ? noBetter + 1 : 0;
            best = Math.max(best, rate);
        }
        double seconds = Math.rint((System.nanoTime() - startNanos) / 1e9);
        rows.add(List.of(
                name, seconds, first, best, noBetter < STEADY_SLICES ? "**not steady at the bound**" : "steady"));
    }

    void reportTo(Report report) {
        if (rows.isEmpty()) {
            return;
        }
        report.table(
                        "Warm-up",
                        "Before a measurement, the load runs in slices of " + slice.toSeconds()
                                + " s, at least "
                                + MIN_SLICES
                                + ", until two in a row are no more than 3 % better and 10 % worse than the best"
                                + " before them, for at most "
                                + timeout.toSeconds() + " s.",
                        "what",
                        "seconds",
                        "first slice, a second",
                        "best slice, a second",
                        "in the end")
                .addAll(rows);
    }
}
