package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.store.spool.SpoolEvents;
import io.pulseplane.store.spool.SpoolingStore;
import java.util.function.LongSupplier;

/** Counts batches that were spooled, refused or handed on. Exists only where the spool is enabled. */
public final class SpoolMetrics implements SpoolEvents {

    private static final double MICROS = 1e6;

    private final MeterRegistry registry;
    private final Counter spooled;
    private final Counter refused;
    private final Counter forwarded;
    private final Counter failures;

    public SpoolMetrics(MeterRegistry registry) {
        this.registry = registry;
        spooled = batches("spooled");
        refused = batches("refused");
        forwarded = batches("forwarded");
        failures = Counter.builder("pulseplane.spool.failures")
                .description("Failed attempts to hand on spooled batches to PostgreSQL")
                .register(registry);
    }

    private Counter batches(String outcome) {
        return Counter.builder("pulseplane.spool.batches")
                .description("Batches that were spooled, refused because the spool was full, or handed on")
                .tag("what", outcome)
                .register(registry);
    }

    /** Adds the gauges of the spool. */
    public void registerGauges(SpoolingStore store, LongSupplier clock) {
        Gauge.builder("pulseplane.spool.waiting", store, SpoolingStore::pendingBatches)
                .description("Batches that wait for PostgreSQL")
                .register(registry);
        Gauge.builder("pulseplane.spool.size", store, SpoolingStore::bytes)
                .description("Bytes of batches in the spool")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("pulseplane.spool.set.aside", store, SpoolingStore::setAsideBatches)
                .description("Batches set aside because they contradict PostgreSQL")
                .register(registry);
        Gauge.builder(
                        "pulseplane.spool.oldest",
                        store,
                        s -> s.oldestPendingTime().isEmpty()
                                ? 0
                                : (clock.getAsLong() - s.oldestPendingTime().getAsLong()) / MICROS)
                .description("Time that the oldest waiting batch has waited")
                .baseUnit("seconds")
                .register(registry);
    }

    @Override
    public void spooled(int batches) {
        spooled.increment(batches);
    }

    @Override
    public void refused(int batches) {
        refused.increment(batches);
    }

    @Override
    public void forwarded(int batches) {
        forwarded.increment(batches);
    }

    @Override
    public void failed() {
        failures.increment();
    }
}
