package io.pulseplane.api;

import io.pulseplane.gate.Refusal;
import io.pulseplane.v1.Columns;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.PlaneException;
import java.util.ArrayList;
import java.util.HashSet;

/** Reads a batch from its message, or says what is malformed about it. */
final class BatchRequestReader {

    /** What a batch takes in memory besides its readings, roughly; and each of its blocks. */
    private static final int BATCH_BYTES = 512;

    private static final int MAX_BLOCKS = 1_000;
    private static final int BLOCK_BYTES = 256;
    private static final int READING_BYTES = Long.BYTES + Double.BYTES;

    private final int maxReadings;

    /** @param maxReadings how many readings one batch may hold */
    BatchRequestReader(int maxReadings) {
        this.maxReadings = maxReadings;
    }

    /**
     * The batch, if it was not refused. A batch that does not say whose it is is looked at all the same, so that its
     * sender hears of everything that is wrong with it.
     */
    Batch readUnlessRefused(boolean isSet, io.pulseplane.v1.Batch message) {
        var refusal = Refusal.current();
        if (refusal.isPresent()) {
            if (refusal.get() instanceof PlaneException.InvalidArgument && isSet) {
                read(true, message);
            }
            throw refusal.get();
        }
        return read(isSet, message);
    }

    private Batch read(boolean isSet, io.pulseplane.v1.Batch message) {
        var violations = new Violations();
        violations.addUnless(isSet, "batch", "must be set");
        violations.throwIfAny();
        violations.checkIdentifier("batch.device_id", message.getDeviceId());
        violations.checkIdentifier("batch.patient_id", message.getPatientId());
        violations.addUnless(message.getSequence() != 0, "batch.sequence", "must be 1 or more");
        checkSize(message, violations);
        violations.throwIfAny();

        var blocks = new ArrayList<Batch.Block>(message.getColumnsCount());
        var codes = new HashSet<String>();
        for (int i = 0; i < message.getColumnsCount(); i++) {
            var columns = message.getColumns(i);
            if (!codes.add(columns.getCode())) {
                violations.add(field(i, "code"), "must not be the code of other columns of the batch");
            }
            blocks.add(block(columns, i, violations));
        }
        violations.throwIfAny();
        return new Batch(message.getDeviceId(), message.getPatientId(), message.getSequence(), blocks);
    }

    private void checkSize(io.pulseplane.v1.Batch message, Violations violations) {
        long readings = 0;
        for (var columns : message.getColumnsList()) {
            readings += columns.getValuesCount();
        }
        violations.addUnless(readings > 0, "batch.columns", "must hold at least one reading");
        violations.addUnless(
                readings <= maxReadings,
                "batch.columns",
                "must hold at most " + maxReadings + " readings, hold " + readings);
        // Columns without readings are refused one by one below; this keeps their number, and so the answer, in bounds.
        violations.addUnless(
                message.getColumnsCount() <= MAX_BLOCKS,
                "batch.columns",
                "must be at most " + MAX_BLOCKS + ", are " + message.getColumnsCount());
    }

    private static Batch.Block block(Columns columns, int index, Violations violations) {
        violations.checkIdentifier(field(index, "code"), columns.getCode());
        violations.checkIdentifier(field(index, "unit"), columns.getUnit());
        int size = columns.getValuesCount();
        if (size == 0) {
            violations.add(field(index, "values"), "must hold at least one value");
        }
        if (columns.getTimeDeltaUsCount() != size) {
            violations.add(
                    field(index, "time_delta_us"),
                    "must be as many as there are values, " + size + ", are " + columns.getTimeDeltaUsCount());
            return null;
        }
        var times = new long[size];
        var values = new double[size];
        long time = columns.getStartUs();
        for (int i = 0; i < size; i++) {
            long next = time + columns.getTimeDeltaUs(i);
            if (((time ^ next) & (columns.getTimeDeltaUs(i) ^ next)) < 0) {
                violations.add(
                        field(index, "time_delta_us"), "must add up to times of 64 bits, number " + i + " does not");
                return null;
            }
            time = next;
            times[i] = time;
            values[i] = columns.getValues(i);
        }
        return new Batch.Block(columns.getCode(), columns.getUnit(), times, values);
    }

    private static String field(int index, String name) {
        return "batch.columns[" + index + "]." + name;
    }

    /** What a batch takes in memory until it is durable, roughly. */
    static long estimateBytes(Batch batch) {
        return BATCH_BYTES + (long) BLOCK_BYTES * batch.blocks().size() + (long) READING_BYTES * batch.size();
    }
}
