package io.pulseplane.cli;

import io.grpc.Status;
import io.pulseplane.cli.recording.Fault;
import io.pulseplane.client.ReadingsStream;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.RefusedBatch;
import io.pulseplane.v1.RejectionReason;
import io.pulseplane.v1.StreamReadingsResponse;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Counts what the plane answered to the batches that a command sent, and what was left out before. Thread-safe.
 *
 * <p>It says so when a stream waits for the plane, but not more often than {@link #NOTICE_NANOS}: there may be hundreds
 * of streams.
 */
final class IngestSummary implements ReadingsStream.Listener {

    private static final long NOTICE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Consumer<StreamReadingsResponse> onResponse;
    private final Consumer<String> onNotice;
    private final long startNanos = System.nanoTime();
    private final Histogram latency = new Histogram(3);
    private final TreeMap<String, Long> rejectedByCode = new TreeMap<>();
    private final TreeMap<String, Long> rejectedByReason = new TreeMap<>();
    private final TreeMap<String, Long> refusedBatches = new TreeMap<>();
    private final TreeMap<String, Long> unreadByReason = new TreeMap<>();
    private long sent;
    private long accepted;
    private long duplicates;
    private long rejected;
    private long refused;
    private long unread;
    private long noticedAt = startNanos - NOTICE_NANOS;

    IngestSummary() {
        this(_ -> {}, _ -> {});
    }

    /**
     * @param onResponse gets every response
     * @param onNotice gets a line for the user when a stream waits
     */
    IngestSummary(Consumer<StreamReadingsResponse> onResponse, Consumer<String> onNotice) {
        this.onResponse = onResponse;
        this.onNotice = onNotice;
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
            long count = rejection.getIndexesCount();
            rejected += count;
            rejectedByReason.merge(label(rejection.getReason()), count, Long::sum);
            rejectedByCode.merge(rejection.getCode() + " " + label(rejection.getReason()), count, Long::sum);
        }
        latency.recordValue(nanos);
    }

    static String label(RejectionReason reason) {
        return reason.name().substring("REJECTION_REASON_".length()).toLowerCase(Locale.ROOT);
    }

    @Override
    public synchronized void refused(RefusedBatch batch, int readings) {
        refused += readings;
        refusedBatches.merge(batch.getError().getMessage(), 1L, Long::sum);
    }

    @Override
    public void waiting(Duration delay, boolean asked, Status failure) {
        if (isTimeForNotice()) {
            var description = failure.getDescription() == null ? "" : ": " + failure.getDescription();
            onNotice.accept((asked ? "the plane asks to wait " + Times.seconds(delay) : "tries again") + " ("
                    + failure.getCode() + description + ")");
        }
    }

    private synchronized boolean isTimeForNotice() {
        long now = System.nanoTime();
        boolean isTime = now - noticedAt >= NOTICE_NANOS;
        noticedAt = isTime ? now : noticedAt;
        return isTime;
    }

    /** Counts a line that was left out. */
    synchronized void unread(Fault fault) {
        unread++;
        unreadByReason.merge(fault.reason().label(), 1L, Long::sum);
    }

    synchronized long unread() {
        return unread;
    }

    /** Whether the plane refused no batch. */
    synchronized boolean hasNoRefusals() {
        return refused == 0;
    }

    /** The status of a command that should bring every reading of a recording to the plane. */
    synchronized int exitStatus() {
        if (refused > 0) {
            return ExitStatus.FAILED;
        }
        if (sent == 0) {
            return ExitStatus.NOTHING_SENT;
        }
        return unread > 0 || rejected > 0 ? ExitStatus.INCOMPLETE : ExitStatus.OK;
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

    /** Prints the summary as text, or as one line of JSON after the responses. */
    void print(PrintWriter out, boolean json, int exitStatus) {
        if (json) {
            out.println(json(exitStatus));
            out.flush();
        } else {
            print(out);
        }
    }

    private synchronized void print(PrintWriter out) {
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
        if (unanswered() > 0) {
            out.printf(Locale.ROOT, "unanswered %,12d%n", unanswered());
        }
        if (unread > 0) {
            out.printf(Locale.ROOT, "unread     %,12d%n", unread);
            unreadByReason.forEach((reason, count) -> out.printf(Locale.ROOT, "  %,12d  %s%n", count, reason));
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

    /** Readings of batches that the plane has not answered. They may be durable or not. */
    private long unanswered() {
        return sent - accepted - duplicates - rejected - refused;
    }

    private synchronized String json(int exitStatus) {
        var summary = new JsonObject()
                .put("sent", sent)
                .put("accepted", accepted)
                .put("rejected", rejected)
                .put("rejectedByReason", rejectedByReason)
                .put("duplicates", duplicates)
                .put("refused", refused)
                .put("refusedBatchesByReason", refusedBatches)
                .put("unanswered", unanswered())
                .put("unread", unread)
                .put("unreadByReason", unreadByReason)
                .put(
                        "acknowledgedInMillis",
                        new JsonObject()
                                .put("p50", latency.getValueAtPercentile(50) / 1e6)
                                .put("p99", latency.getValueAtPercentile(99) / 1e6)
                                .put("p999", latency.getValueAtPercentile(99.9) / 1e6))
                .put("seconds", Math.round(seconds() * 1_000) / 1e3)
                .put("exitStatus", exitStatus);
        return new JsonObject().put("summary", summary).encode();
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
    }
}
