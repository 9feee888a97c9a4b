package io.pulseplane.node;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.live.LatestValues;
import io.pulseplane.store.Site;
import io.pulseplane.store.spool.SpoolEvents;
import io.pulseplane.store.spool.SpoolingStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Subject;
import java.util.function.LongSupplier;

/** Counts what waits, and tells those who remember readings what became of it. Made only where batches may wait. */
final class SpoolMetrics implements SpoolEvents {

    private static final double MICROS = 1e6;

    private final MeterRegistry registry;
    private final Counter spooled;
    private final Counter refused;
    private final Counter forwarded;
    private final Counter failures;
    private volatile LatestValues latest;
    private volatile Site site;

    SpoolMetrics(MeterRegistry registry) {
        this.registry = registry;
        spooled = batches("spooled");
        refused = batches("refused");
        forwarded = batches("forwarded");
        failures = Counter.builder("pulseplane.spool.failures")
                .description("Attempts to hand on what waits that failed")
                .register(registry);
    }

    private Counter batches(String what) {
        return Counter.builder("pulseplane.spool.batches")
                .description("Batches that were spooled, refused because the spool was full, or handed on")
                .tag("what", what)
                .register(registry);
    }

    void watch(SpoolingStore store, LongSupplier now) {
        Gauge.builder("pulseplane.spool.waiting", store, SpoolingStore::waiting)
                .description("Batches that wait for PostgreSQL")
                .register(registry);
        Gauge.builder("pulseplane.spool.size", store, SpoolingStore::bytes)
                .description("Bytes of batches in the spool")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("pulseplane.spool.set.aside", store, SpoolingStore::setAside)
                .description("Batches that PostgreSQL turned out to have something else for")
                .register(registry);
        Gauge.builder(
                        "pulseplane.spool.oldest",
                        store,
                        s -> s.oldest().isEmpty()
                                ? 0
                                : (now.getAsLong() - s.oldest().getAsLong()) / MICROS)
                .description("How long the first of the batches that wait does")
                .baseUnit("seconds")
                .register(registry);
    }

    /** Nothing is handed on before somebody can be told. */
    void tell(LatestValues values, Site others) {
        latest = values;
        site = others;
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
    public void forwarded(Columns fresh) {
        latest.publish(fresh);
        site.stored(fresh);
    }

    @Override
    public void forwarded(int batches) {
        forwarded.increment(batches);
    }

    /** What was told when it was spooled is not so: what is remembered is read again. */
    @Override
    public void contradicted(Columns waited) {
        var series = waited.series();
        forget(new Subject.OfPatient(series.patient()));
        forget(new Subject.OfDevice(series.device()));
    }

    private void forget(Subject subject) {
        latest.forget(subject, latest.of(subject));
    }

    @Override
    public void failed() {
        failures.increment();
    }
}
