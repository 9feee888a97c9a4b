package io.pulseplane.gate;

import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.writing.AuditTrail;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Writes the records of ingest into the audit trail. A device that is refused, or whose streams end, tries again and
 * again, and would fill the disk of the trail. So the first record is written at once, and the same again only counts:
 * when a minute is over, the last of them is written with the number of those that it stands for.
 *
 * <p>These count: refusals, and streams that were permitted; not single batches that were permitted, and nothing of
 * callers without an identity, whose rate has a limit of its own. If the plane is killed, the counts of the running
 * minute are lost.
 */
final class RepeatedIngest implements AutoCloseable {

    /** Bound on the memory, a few megabytes. Beyond it every record is written. */
    static final int MAX_KINDS = 1_000;

    static final String STREAM = "pulseplane.v1.IngestService/StreamReadings";

    /** What makes a record the same as another. Time, port and request id do not. */
    private record Kind(
            String subject,
            String role,
            String rpc,
            String patient,
            String device,
            List<String> codes,
            Decision decision,
            String reason,
            String policyDigest,
            String host) {

        static Kind of(AuditRecord record) {
            int port = record.peer().lastIndexOf(':');
            return new Kind(
                    record.subject(),
                    record.role(),
                    record.rpc(),
                    record.patient(),
                    record.device(),
                    record.codes(),
                    record.decision(),
                    record.reason(),
                    record.policyDigest(),
                    port < 0 ? record.peer() : record.peer().substring(0, port));
        }
    }

    private static final class Minute {

        private final CompletionStage<Void> written;
        private long repetitions;
        private AuditRecord last;

        Minute(CompletionStage<Void> written) {
            this.written = written;
        }

        /** Whether the trail did not keep the first record. It may keep the next. */
        boolean hasFailed() {
            return written.toCompletableFuture().isCompletedExceptionally();
        }
    }

    private final AuditTrail audit;
    private final long minuteMillis;
    private final Map<Kind, Minute> minutes = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor timer;

    RepeatedIngest(AuditTrail audit) {
        this(audit, TimeUnit.MINUTES.toMillis(1));
    }

    RepeatedIngest(AuditTrail audit, long minuteMillis) {
        this.audit = audit;
        this.minuteMillis = minuteMillis;
        timer = new ScheduledThreadPoolExecutor(
                1,
                Thread.ofPlatform().name("pulseplane-repeated-ingest").daemon().factory());
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** The stage completes like that of the record that is in the trail for this one. */
    CompletionStage<Void> append(AuditRecord record) {
        boolean isCounted =
                record.decision() == Decision.REFUSED || record.rpc().equals(STREAM);
        // While the trail takes nothing, no earlier record permits anything.
        if (!isCounted || record.subject().isEmpty() || !audit.isEnabled() || !audit.isHealthy()) {
            return audit.append(record);
        }
        var kind = Kind.of(record);
        if (minutes.size() >= MAX_KINDS && !minutes.containsKey(kind)) {
            return audit.append(record);
        }
        return minutes.compute(kind, (_, minute) -> {
                    if (minute == null) {
                        scheduleEnd(kind);
                    }
                    return minute == null || minute.hasFailed()
                            ? new Minute(audit.append(record))
                            : count(minute, record);
                })
                .written;
    }

    private void scheduleEnd(Kind kind) {
        try {
            // The task waits for the change of the map that goes on now.
            var _ = timer.schedule(() -> end(kind), minuteMillis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException _) {
            // The plane is stopping; close writes what is counted.
        }
    }

    private static Minute count(Minute minute, AuditRecord record) {
        minute.repetitions++;
        minute.last = record;
        return minute;
    }

    private void end(Kind kind) {
        var minute = minutes.remove(kind);
        if (minute != null && minute.repetitions > 0) {
            // Nobody waits for it. The trail itself reports when it cannot be written.
            var _ = audit.append(summary(minute));
        }
    }

    private static AuditRecord summary(Minute minute) {
        var last = minute.last;
        var count = "(" + minute.repetitions + " more within a minute)";
        return new AuditRecord(
                last.timeUs(),
                last.subject(),
                last.role(),
                last.tenant(),
                last.action(),
                last.rpc(),
                last.patient(),
                last.device(),
                last.codes(),
                last.decision(),
                last.reason().isEmpty() ? count : last.reason() + " " + count,
                last.policyDigest(),
                last.peer(),
                last.requestId());
    }

    /** Writes what is counted. The trail must still be open. */
    @Override
    public void close() {
        timer.shutdownNow();
        minutes.keySet().forEach(this::end);
    }
}
