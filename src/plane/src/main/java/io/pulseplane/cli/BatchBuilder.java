package io.pulseplane.cli;

import io.pulseplane.api.v1.Batch;
import io.pulseplane.api.v1.Columns;
import java.util.LinkedHashMap;
import java.util.Map;

/** Puts readings of one device and patient together, code by code, until they are sent. */
final class BatchBuilder {

    private static final class Column {

        private final Columns.Builder columns;
        private long last;

        Column(String code, String unit, long start) {
            this.columns = Columns.newBuilder().setCode(code).setUnit(unit).setStartUs(start);
            this.last = start;
        }
    }

    private final String device;
    private final String patient;
    private final Map<String, Column> byCode = new LinkedHashMap<>();
    private int size;
    private long lastTime;

    BatchBuilder(String device, String patient) {
        this.device = device;
        this.patient = patient;
    }

    int size() {
        return size;
    }

    /** The time of the reading that was added last. */
    long lastTime() {
        return lastTime;
    }

    /** Whether a reading of this code and unit can be in the same batch as what is here. */
    boolean fits(String code, String unit) {
        var column = byCode.get(code);
        return column == null || column.columns.getUnit().equals(unit);
    }

    void add(long time, String code, double value, String unit) {
        var column = byCode.computeIfAbsent(code, _ -> new Column(code, unit, time));
        column.columns.addTimeDeltaUs(time - column.last).addValues(value);
        column.last = time;
        lastTime = time;
        size++;
    }

    /** What was put together; nothing is left afterwards. */
    Batch build(long sequence) {
        var batch = Batch.newBuilder().setDeviceId(device).setPatientId(patient).setSequence(sequence);
        byCode.values().forEach(column -> batch.addColumns(column.columns));
        byCode.clear();
        size = 0;
        return batch.build();
    }
}
