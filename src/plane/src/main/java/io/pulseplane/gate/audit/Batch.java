package io.pulseplane.gate.audit;

import io.pulseplane.vitals.Problem;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Records that become durable with one sync, and the one answer that all of them share. */
final class Batch {

    private static final int INITIAL = 64;

    private AuditRecord[] records;
    private int count;
    private long bytes;

    private final CompletableFuture<Void> done = new CompletableFuture<>();

    /** The answer as it is handed out: nobody but the writer can complete it. */
    private final CompletionStage<Void> stage = done.minimalCompletionStage();

    Batch() {
        this(new AuditRecord[INITIAL]);
    }

    private Batch(AuditRecord[] room) {
        records = room;
    }

    /** A batch for other records in the room of this one, which is over. */
    Batch again() {
        Arrays.fill(records, 0, count, null);
        return new Batch(records);
    }

    void add(AuditRecord record, int weight) {
        if (count == records.length) {
            records = Arrays.copyOf(records, 2 * count);
        }
        records[count++] = record;
        bytes += weight;
    }

    AuditRecord[] records() {
        return records;
    }

    int count() {
        return count;
    }

    long bytes() {
        return bytes;
    }

    CompletionStage<Void> stage() {
        return stage;
    }

    void complete() {
        done.complete(null);
    }

    void fail(Problem problem) {
        done.completeExceptionally(problem);
    }
}
