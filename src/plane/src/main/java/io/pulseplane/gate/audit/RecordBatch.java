package io.pulseplane.gate.audit;

import io.pulseplane.vitals.PlaneException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Records that become durable with one sync, and the one answer that all of them share. */
final class RecordBatch {

    private static final int INITIAL = 64;

    private AuditRecord[] records;
    private int count;
    private long bytes;

    private final CompletableFuture<Void> result = new CompletableFuture<>();

    /** The answer as it is handed out: nobody but the writer can complete it. */
    private final CompletionStage<Void> completion = result.minimalCompletionStage();

    RecordBatch() {
        this(new AuditRecord[INITIAL]);
    }

    private RecordBatch(AuditRecord[] room) {
        records = room;
    }

    /** A batch for other records in the room of this one, which is over. */
    RecordBatch recycle() {
        Arrays.fill(records, 0, count, null);
        return new RecordBatch(records);
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

    CompletionStage<Void> completion() {
        return completion;
    }

    void complete() {
        result.complete(null);
    }

    void fail(PlaneException problem) {
        result.completeExceptionally(problem);
    }
}
