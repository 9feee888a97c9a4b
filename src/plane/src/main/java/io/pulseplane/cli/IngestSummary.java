package io.pulseplane.cli;

import io.pulseplane.client.ReadingsStream;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.RefusedBatch;
import io.pulseplane.v1.StreamReadingsResponse;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/** Counts what the plane answered to the batches that a command sent. Thread-safe. */
final class IngestSummary implements ReadingsStream.Listener {

    private final Consumer<StreamReadingsResponse> onResponse;
    private final long startNanos = System.nanoTime();
    private final Histogram latency = new Histogram(3);
    private final TreeMap<String, Long> rejectedByCode = new TreeMap<>();
    private final TreeMap<String, Long> refusedBatches = new TreeMap<>();
    private long sent;
    private long accepted;
    private long duplicates;
    private long rejected;
    private long refused;

    IngestSummary() {
        this(_ -> {});
    }

    /** @param onResponse gets every response */
    IngestSummary(Consumer<StreamReadingsResponse> onResponse) {
        this.onResponse = onResponse;
    }

    @Override
    public void response(StreamReadingsResponse response) {
        onResponse.accept(response);
    }

    @Override
    public synchronized void sent(int readings) {
        sent += readings;
    }

    @Override
    public synchronized void acknowledged(Acknowledgement acknowledgement, long nanos) {
        accepted += acknowledgement.getAccepted();
        duplicates += acknowledgement.getDuplicates();
        for (var rejection : acknowledgement.getRejectionsList()) {
            rejected += rejection.getIndexesCount();
            var name = rejection
                    .getReason()
                    .name()
                    .substring("REJECTION_REASON_".length())
                    .toLowerCase(Locale.ROOT);
            rejectedByCode.merge(rejection.getCode() + " " + name, (long) rejection.getIndexesCount(), Long::sum);
        }
        latency.recordValue(nanos);
    }

    @Override
    public synchronized void refused(RefusedBatch batch, int readings) {
        refused += readings;
        refusedBatches.merge(batch.getError().getMessage(), 1L, Long::sum);
    }

    /** Whether the plane refused no batch. */
    synchronized boolean hasNoRefusals() {
        return refused == 0;
    }

    synchronized String progress() {
        return String.format(
                Locale.ROOT,
                "sent %,d  accepted %,d  rejected %,d  duplicate %,d  (%,d readings/s)",
                sent,
                accepted,
                rejected,
                duplicates,
                (long) (sent / seconds()));
    }

    private double seconds() {
        return Math.max(1e-9, (System.nanoTime() - startNanos) / 1e9);
    }

    synchronized void print(PrintWriter out) {
        out.printf(Locale.ROOT, "sent       %,12d%n", sent);
        out.printf(Locale.ROOT, "accepted   %,12d%n", accepted);
        out.printf(Locale.ROOT, "rejected   %,12d%n", rejected);
        rejectedByCode.forEach((codeAndReason, count) -> {
            var code = codeAndReason.substring(0, codeAndReason.indexOf(' '));
            out.printf(Locale.ROOT, "  %,12d  %s  %s%n", count, codeAndReason, QueryPrinter.name(code));
        });
        out.printf(Locale.ROOT, "duplicate  %,12d%n", duplicates);
        if (refused > 0) {
            out.printf(Locale.ROOT, "refused    %,12d%n", refused);
            refusedBatches.forEach((error, count) -> out.printf(Locale.ROOT, "  %,12d batches: %s%n", count, error));
        }
        out.printf(
                Locale.ROOT,
                "acknowledged in p50 %s  p99 %s  p999 %s, %,d readings/s over %.1f s%n",
                millis(latency.getValueAtPercentile(50)),
                millis(latency.getValueAtPercentile(99)),
                millis(latency.getValueAtPercentile(99.9)),
                (long) (sent / seconds()),
                seconds());
        out.flush();
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
}
