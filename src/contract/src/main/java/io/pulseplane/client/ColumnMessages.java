package io.pulseplane.client;

import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.SeriesColumns;
import io.pulseplane.vitals.Series;

/**
 * Converts between the columns of messages and arrays. A message has the times as deltas, so that most of them take one
 * byte; the arrays have microseconds since the Unix epoch.
 *
 * <p>The methods are for the responses of a plane. They throw IllegalArgumentException if the columns of a message
 * differ in length. The plane checks requests itself, in more detail.
 */
public final class ColumnMessages {

    private ColumnMessages() {}

    /** Returns the times of the readings, in microseconds since the epoch. */
    public static long[] times(Columns message) {
        var times = new long[message.getTimeDeltaUsCount()];
        long time = message.getStartUs();
        for (int i = 0; i < times.length; i++) {
            time += message.getTimeDeltaUs(i);
            times[i] = time;
        }
        return times;
    }

    /** Returns the values of the readings, in the unit of the message. */
    public static double[] values(Columns message) {
        var values = new double[message.getValuesCount()];
        for (int i = 0; i < values.length; i++) {
            values[i] = message.getValues(i);
        }
        return values;
    }

    /** Returns the readings of one series. */
    public static io.pulseplane.vitals.Columns columns(SeriesColumns message) {
        var columns = message.getColumns();
        var series = new Series(message.getPatientId(), message.getDeviceId(), columns.getCode(), columns.getUnit());
        return new io.pulseplane.vitals.Columns(series, times(columns), values(columns));
    }

    /** Returns the start times of the windows of a response, in microseconds since the epoch. */
    public static long[] windowStarts(AggregateResponse message) {
        if (message.getStartsUsCount() > 0) {
            return message.getStartsUsList().stream().mapToLong(Long::longValue).toArray();
        }
        var starts = new long[message.getStepsCount()];
        long start = message.getStartUs();
        for (int i = 0; i < starts.length; i++) {
            start += message.getSteps(i) * message.getWindowUs();
            starts[i] = start;
        }
        return starts;
    }

    /** Converts readings of one code to a message, in the order of the arrays. */
    public static Columns message(String code, String unit, long[] times, double[] values) {
        if (times.length != values.length) {
            throw new IllegalArgumentException(times.length + " times, " + values.length + " values");
        }
        var message = Columns.newBuilder().setCode(code).setUnit(unit);
        if (times.length > 0) {
            message.setStartUs(times[0]);
        }
        long last = message.getStartUs();
        for (int i = 0; i < times.length; i++) {
            message.addTimeDeltaUs(times[i] - last).addValues(values[i]);
            last = times[i];
        }
        return message.build();
    }
}
