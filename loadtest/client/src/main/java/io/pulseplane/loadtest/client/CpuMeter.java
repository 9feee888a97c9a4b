package io.pulseplane.loadtest.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Measures the processor time of a server during a measurement. On a machine that does other work as well, it describes
 * the cost of an answer better than the number of answers does.
 */
final class CpuMeter {

    private final CompletableFuture<Duration> used;

    private CpuMeter(CompletableFuture<Duration> used) {
        this.used = used;
    }

    /** Starts a meter for a measurement that begins after the warm-up, which begins now. */
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
                task -> Thread.ofVirtual().start(task)));
    }

    /** Microseconds of processor time for each of this number of answers. */
    double microsPerAnswer(double answers) {
        return used.join().toNanos() / 1e3 / answers;
    }
}
