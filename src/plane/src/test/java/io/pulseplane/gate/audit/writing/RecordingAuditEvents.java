package io.pulseplane.gate.audit.writing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the events of a trail. */
final class RecordingAuditEvents implements AuditEvents {

    private final List<Integer> groups = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger recoveries = new AtomicInteger();

    @Override
    public void committed(int records, long nanos) {
        groups.add(records);
    }

    @Override
    public void recordRefused() {
        refusals.incrementAndGet();
    }

    @Override
    public void writeFailed() {
        failures.incrementAndGet();
    }

    @Override
    public void writeRecovered() {
        recoveries.incrementAndGet();
    }

    List<Integer> groups() {
        return groups;
    }

    int records() {
        return groups.stream().mapToInt(Integer::intValue).sum();
    }

    int refusals() {
        return refusals.get();
    }

    int failures() {
        return failures.get();
    }

    int recoveries() {
        return recoveries.get();
    }
}
