package io.pulseplane.gate.audit.writing;

import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.vitals.PlaneException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Records that become durable with one sync, and share one completion. */
final class RecordBatch {

    private static final int INITIAL_CAPACITY = 64;

    private AuditRecord[] records;
    private int count;
    private long bytes;

    private final CompletableFuture<Void> result = new CompletableFuture<>();

    /** The result as callers get it: they cannot complete it. */
    private final CompletionStage<Void> completion = result.minimalCompletionStage();

    RecordBatch() {
        this(new AuditRecord[INITIAL_CAPACITY]);
    }

    private RecordBatch(AuditRecord[] records) {
        this.records = records;
    }

    /** An empty batch that takes over the array of this one. This batch must not be used afterwards. */
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

    void fail(PlaneException failure) {
        result.completeExceptionally(failure);
    }
}
