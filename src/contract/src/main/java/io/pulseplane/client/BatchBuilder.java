package io.pulseplane.client;

import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import java.util.LinkedHashMap;
import java.util.Map;

/** Builds a batch of readings of one device and patient. Not thread-safe. */
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

    /** Returns the number of readings that were added since the last batch. */
    public int size() {
        return size;
    }

    /** Returns the time of the reading that was added last, in microseconds since the epoch. */
    public long lastTime() {
        return lastTime;
    }

    /** Returns whether a reading of this code and unit fits into the batch, which allows one unit for each code. */
    public boolean accepts(String code, String unit) {
        var column = byCode.get(code);
        return column == null || column.columns.getUnit().equals(unit);
    }

    /** @param time in microseconds since the epoch */
    public void add(long time, String code, double value, String unit) {
        var column = byCode.computeIfAbsent(code, newCode -> new ColumnBuilder(newCode, unit, time));
        column.columns.addTimeDeltaUs(time - column.lastTime).addValues(value);
        column.lastTime = time;
        lastTime = time;
        size++;
    }

    /** Returns the readings as a batch, and empties the builder. */
    public Batch build(long sequence) {
        var batch = Batch.newBuilder().setDeviceId(device).setPatientId(patient).setSequence(sequence);
        byCode.values().forEach(column -> batch.addColumns(column.columns));
        byCode.clear();
        size = 0;
        return batch.build();
    }
}
