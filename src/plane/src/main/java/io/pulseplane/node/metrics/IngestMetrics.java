package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.pulseplane.ingest.IngestEvents;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Rejection.Reason;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Counts batches and readings of ingest, and measures its latencies. No patient, device or value is in a label. */
@Singleton
final class IngestMetrics implements IngestEvents {

    private final Counter accepted;
    private final Counter duplicates;
    private final Map<Reason, Counter> rejected = new EnumMap<>(Reason.class);
    private final Counter stored;
    private final Counter repeated;
    private final Counter refused;
    private final Timer batchLatency;
    private final Timer commitLatency;
    private final DistributionSummary batchesPerCommit;

    IngestMetrics(MeterRegistry registry) {
        accepted = registry.counter("pulseplane.readings.accepted");
        duplicates = registry.counter("pulseplane.readings.duplicate");
        for (var reason : Reason.values()) {
            rejected.put(reason, registry.counter("pulseplane.readings.rejected", "reason", name(reason)));
        }
        stored = registry.counter("pulseplane.batches", "outcome", "stored");
        repeated = registry.counter("pulseplane.batches", "outcome", "repeated");
        refused = registry.counter("pulseplane.batches", "outcome", "refused");
        batchLatency = latency("pulseplane.batch", "Time from the arrival of a batch to its acknowledgement", registry);
        commitLatency = latency("pulseplane.commit", "Duration of a group commit, with its sync", registry);
        batchesPerCommit = DistributionSummary.builder("pulseplane.commit.batches")
                .description("Number of batches that share a group commit")
                .register(registry);
    }

    private static String name(Reason reason) {
        return reason.name().toLowerCase(java.util.Locale.ROOT);
    }

    private static Timer latency(String name, String description, MeterRegistry registry) {
        return Timer.builder(name)
                .description(description)
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofNanos(100_000))
                .maximumExpectedValue(Duration.ofSeconds(10))
                .register(registry);
    }

    @Override
    public void batchStored(Acknowledgement acknowledgement, long nanos) {
        stored.increment();
        accepted.increment(acknowledgement.accepted());
        duplicates.increment(acknowledgement.duplicates());
        for (var rejection : acknowledgement.rejections()) {
            rejected.get(rejection.reason()).increment(rejection.size());
        }
        batchLatency.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void batchRepeated(int readings) {
        repeated.increment();
        duplicates.increment(readings);
    }

    @Override
    public void groupCommitted(int batches, long nanos) {
        commitLatency.record(nanos, TimeUnit.NANOSECONDS);
        batchesPerCommit.record(batches);
    }

    @Override
    public void batchRefused() {
        refused.increment();
    }
}
