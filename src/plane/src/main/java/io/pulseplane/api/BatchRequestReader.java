package io.pulseplane.api;

import io.pulseplane.gate.Refusal;
import io.pulseplane.v1.Columns;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.PlaneException;
import java.util.ArrayList;
import java.util.HashSet;

/** Converts the message of a batch, or reports everything that is malformed about it. */
final class BatchRequestReader {

    /** Estimated size in memory of a batch without its blocks. */
    private static final int BATCH_BYTES = 512;

    private static final int MAX_BLOCKS = 1_000;

    /** Estimated size in memory of a block without its readings. */
    private static final int BLOCK_BYTES = 256;

    private static final int READING_BYTES = Long.BYTES + Double.BYTES;

    private final int maxReadings;

    /** @param maxReadings maximum number of readings of a batch */
    BatchRequestReader(int maxReadings) {
        this.maxReadings = maxReadings;
    }

    /**
     * Returns the batch, or throws the refusal of the gate. If the gate refused the batch because it names no valid
     * patient or device, the method reads it all the same, so that the sender gets all violations at once.
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
        // Columns without readings are violations, one by one, below. This bounds their number, and so the response.
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

    /** Estimates the size of a batch in memory until it is durable, in bytes. */
    static long estimateBytes(Batch batch) {
        return BATCH_BYTES + (long) BLOCK_BYTES * batch.blocks().size() + (long) READING_BYTES * batch.size();
    }
}
