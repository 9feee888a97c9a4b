package io.pulseplane.client;

import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import java.util.LinkedHashMap;
import java.util.Map;

/** Collects readings of one device and patient, code by code, into a batch. Belongs to one thread. */
public final class BatchBuilder {

    private static final class ColumnBuilder {

        private final Columns.Builder columns;
        private long lastTime;

        ColumnBuilder(String code, String unit, long startTime) {
            this.columns = Columns.newBuilder().setCode(code).setUnit(unit).setStartUs(startTime);
            this.lastTime = startTime;
        }
    }

    private final String device;
    private final String patient;
    private final Map<String, ColumnBuilder> byCode = new LinkedHashMap<>();
    private int size;
    private long lastTime;

    public BatchBuilder(String device, String patient) {
        this.device = device;
        this.patient = patient;
    }

    /** How many readings there are. */
    public int size() {
        return size;
    }

    /** The time of the reading that was added last, in microseconds since the epoch. */
    public long lastTime() {
        return lastTime;
    }

    /** Whether a reading of this code and unit can be in the same batch as what is here: a code has one unit in a batch. */
    public boolean accepts(String code, String unit) {
        var column = byCode.get(code);
        return column == null || column.columns.getUnit().equals(unit);
    }

    /** @param time in microseconds since the epoch */
    public void add(long time, String code, double value, String unit) {
        var column = byCode.computeIfAbsent(code, absent -> new ColumnBuilder(absent, unit, time));
        column.columns.addTimeDeltaUs(time - column.lastTime).addValues(value);
        column.lastTime = time;
        lastTime = time;
        size++;
    }

    /** The readings as a batch; the builder is empty afterwards. */
    public Batch build(long sequence) {
        var batch = Batch.newBuilder().setDeviceId(device).setPatientId(patient).setSequence(sequence);
        byCode.values().forEach(column -> batch.addColumns(column.columns));
        byCode.clear();
        size = 0;
        return batch.build();
    }
}
