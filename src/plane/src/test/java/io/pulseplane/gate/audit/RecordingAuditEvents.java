package io.pulseplane.gate.audit;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts what happens to a trail. */
final class RecordingAuditEvents implements AuditEvents {

    private final List<Integer> groups = new CopyOnWriteArrayList<>();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger recovered = new AtomicInteger();

    @Override
    public void committed(int records, long nanos) {
        groups.add(records);
    }

    @Override
    public void recordRefused() {
        refused.incrementAndGet();
    }

    @Override
    public void writeFailed() {
        failed.incrementAndGet();
    }

    @Override
    public void writeRecovered() {
        recovered.incrementAndGet();
    }

    List<Integer> groups() {
        return groups;
    }

    int records() {
        return groups.stream().mapToInt(Integer::intValue).sum();
    }

    int refusals() {
        return refused.get();
    }

    int failures() {
        return failed.get();
    }

    int recoveries() {
        return recovered.get();
    }
}
