package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Warms servers up until they are as fast as they get. With one core for the work and the compiler, a virtual machine
 * takes most of a minute for that, and whatever is measured before says more of the order of things than of the things.
 *
 * @param slice in which so much is done that its speed says something
 * @param timeout after which it is measured whatever has become of it
 * @param rows one row for each
 */
record WarmUp(Duration slice, Duration timeout, List<List<Object>> rows) {

    /** A slice that is better by less than this is as good as the best before it. */
    private static final double GAIN = 1.03;

    /** One that is worse by more than this is of a server that is busy with its compiler. */
    private static final double LOSS = 0.9;

    /** Slices in a row that have to be no better. */
    private static final int STEADY_SLICES = 2;

    /** At least so many: in the first seconds, when all is interpreted, one is like the other, too. */
    private static final int MIN_SLICES = 6;

    /** Asks for so long, and says how much came of it a second. */
    interface Load {
        double perSecond(Duration length) throws IOException, InterruptedException;
    }

    WarmUp(Duration slice, Duration bound) {
        this(slice, bound, new ArrayList<>());
    }

    void run(String what, Load load) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        double first = load.perSecond(slice);
        double best = first;
        int noBetter = 0;
        for (int slices = 1;
                slices < MIN_SLICES || noBetter < STEADY_SLICES && System.nanoTime() - begun < timeout.toNanos();
                slices++) {
            double now = load.perSecond(slice);
            noBetter = now <= best * GAIN && now >= best * LOSS ? noBetter + 1 : 0;
            best = Math.max(best, now);
        }
        double seconds = Math.rint((System.nanoTime() - begun) / 1e9);
        rows.add(List.of(
                what, seconds, first, best, noBetter < STEADY_SLICES ? "**not steady at the bound**" : "steady"));
    }

    void reportTo(Report report) {
        if (rows.isEmpty()) {
            return;
        }
        report.table(
                        "Warm-up",
                        "Before a peak is measured, it is asked for in slices of " + slice.toSeconds()
                                + " s, "
                                + MIN_SLICES
                                + " at least, until two in a row are no more than 3 % better and 10 % worse than the best"
                                + " before them, for "
                                + timeout.toSeconds() + " s at most.",
                        "what",
                        "seconds",
                        "first slice, a second",
                        "best slice, a second",
                        "in the end")
                .addAll(rows);
    }
}
