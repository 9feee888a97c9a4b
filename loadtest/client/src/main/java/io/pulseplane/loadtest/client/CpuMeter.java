package io.pulseplane.loadtest.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The processor time that a server takes while it is measured. On a machine that does other things too, it says more of
 * what an answer costs than how many of them there were.
 */
final class CpuMeter {

    private final CompletableFuture<Duration> used;

    private CpuMeter(CompletableFuture<Duration> used) {
        this.used = used;
    }

    /** From after the warm-up, which begins now, to the end of the measurement. */
    static CpuMeter start(Supplier<Duration> processorTime, Duration warmUp, Duration measured) {
        return new CpuMeter(CompletableFuture.supplyAsync(
                () -> {
                    try {
                        Thread.sleep(warmUp);
                        var before = processorTime.get();
                        Thread.sleep(measured);
                        return processorTime.get().minus(before);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                work -> Thread.ofVirtual().start(work)));
    }

    /** Microseconds for each of so many answers. */
    double microsPerAnswer(double answers) {
        return used.join().toNanos() / 1e3 / answers;
    }
}
