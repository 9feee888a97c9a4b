package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.live.Watchers;
import io.pulseplane.node.config.EdgeConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.store.edge.maintenance.DiskBudget;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;

/** Gauges for the size of the store, batches that wait, and watched patients. */
@Singleton
final class PlaneGauges {

    /** A scrape within this time gets the figures of the scrape before, because the store reads them from disk. */
    private static final long REFRESH_NANOS = 5_000_000_000L;

    private final MeterRegistry registry;
    private final Store store;
    private final Ingest ingest;
    private final Watchers watchers;
    private final PlaneConfig plane;
    private final EdgeConfig edge;
    private final AtomicLong refreshedAtNanos = new AtomicLong(System.nanoTime() - REFRESH_NANOS);
    private volatile StoreSize size = new StoreSize(0, 0, 0, 0);

    PlaneGauges(
            MeterRegistry registry, Store store, Ingest ingest, Watchers watchers, PlaneConfig plane, EdgeConfig edge) {
        this.registry = registry;
        this.plane = plane;
        this.edge = edge;
        this.store = store;
        this.ingest = ingest;
        this.watchers = watchers;
    }

    void register(@Observes StartupEvent event) {
        registerStoreGauge("pulseplane.store.size", "Bytes on disk", "bytes", StoreSize::bytes);
        if (plane.store().kind() == PlaneConfig.StoreKind.EDGE) {
            registerStoreGauge(
                    "pulseplane.store.budget", "Bytes that the store may take on disk", "bytes", this::budget);
        }
        registerStoreGauge("pulseplane.store.patients", "Patients in the registry", null, StoreSize::patients);
        registerStoreGauge("pulseplane.store.devices", "Devices in the registry", null, StoreSize::devices);
        registerStoreGauge("pulseplane.store.series", "Series that have or had readings", null, StoreSize::series);
        Gauge.builder("pulseplane.store.maintenance.failing", store, s -> s.isMaintenanceFailing() ? 1 : 0)
                .description("Whether the store's maintenance failed the last time; it tries again by itself")
                .register(registry);
        Gauge.builder("pulseplane.store.lost.batches", store, Store::lostBatches)
                .description("Acknowledged batches that were damaged on disk and are lost")
                .register(registry);
        Gauge.builder("pulseplane.ingest.pending", ingest, i -> i.budget().usedBytes())
                .description("Bytes of batches that wait to become durable")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("pulseplane.watched.patients", watchers, Watchers::watchedPatientCount)
                .description("Patients that at least one caller watches")
                .register(registry);
        refresh();
    }

    private void registerStoreGauge(String name, String description, String unit, ToDoubleFunction<StoreSize> value) {
        Gauge.builder(name, this, gauges -> value.applyAsDouble(gauges.refreshed()))
                .description(description)
                .baseUnit(unit)
                .register(registry);
    }

    /** What is configured, or else what the store takes and what the disk has left for it. */
    private double budget(StoreSize current) {
        return edge.diskBudget().map(MemorySize::asLongValue).orElseGet(() -> {
            try {
                long free = Files.getFileStore(plane.dataDir()).getUsableSpace();
                return current.bytes() + Math.max(0, free - DiskBudget.RESERVE_BYTES);
            } catch (IOException _) {
                return current.bytes();
            }
        });
    }

    private StoreSize refreshed() {
        long last = refreshedAtNanos.get();
        if (System.nanoTime() - last > REFRESH_NANOS && refreshedAtNanos.compareAndSet(last, System.nanoTime())) {
            refresh();
        }
        return size;
    }

    private void refresh() {
        store.size().subscribe().with(current -> size = current, _ -> {
            // The readiness check reports the failure. The gauges keep the last size.
        });
    }
}
