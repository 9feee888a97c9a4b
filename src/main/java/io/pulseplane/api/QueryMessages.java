package io.pulseplane.api;

import io.pulseplane.api.v1.AggregateResponse;
import io.pulseplane.api.v1.Columns;
import io.pulseplane.api.v1.Function;
import io.pulseplane.api.v1.Group;
import io.pulseplane.api.v1.QuantileColumn;
import io.pulseplane.api.v1.Reading;
import io.pulseplane.api.v1.SeriesColumns;
import io.pulseplane.api.v1.Statistics;
import io.pulseplane.query.Aggregation;
import io.pulseplane.query.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Writes readings, windows and statistics as messages. */
final class QueryMessages {

    private QueryMessages() {}

    static Reading reading(io.pulseplane.vitals.Reading reading) {
        var series = reading.series();
        return Reading.newBuilder()
                .setPatientId(series.patient())
                .setDeviceId(series.device())
                .setCode(series.code())
                .setUnit(series.unit())
                .setTimeUs(reading.time())
                .setValue(reading.value())
                .build();
    }

    static List<SeriesColumns> columns(List<io.pulseplane.vitals.Columns> all) {
        return all.stream().map(QueryMessages::columns).toList();
    }

    private static SeriesColumns columns(io.pulseplane.vitals.Columns columns) {
        var series = columns.series();
        var message = Columns.newBuilder()
                .setCode(series.code())
                .setUnit(series.unit())
                .setStartUs(columns.firstTime());
        long previous = columns.firstTime();
        for (int i = 0; i < columns.size(); i++) {
            message.addTimeDeltaUs(columns.times()[i] - previous);
            message.addValues(columns.values()[i]);
            previous = columns.times()[i];
        }
        return SeriesColumns.newBuilder()
                .setPatientId(series.patient())
                .setDeviceId(series.device())
                .setColumns(message)
                .build();
    }

    static AggregateResponse windows(Windows windows, Set<Function> functions, double[] quantiles) {
        var message = AggregateResponse.newBuilder()
                .setGroup(group(windows.group()))
                .setWindowUs(windows.width())
                .setStartUs(windows.starts()[0]);
        long previous = windows.starts()[0];
        for (long start : windows.starts()) {
            message.addSteps((start - previous) / windows.width());
            previous = start;
        }
        for (var function : functions) {
            addColumn(message, windows, function);
        }
        addQuantiles(message, windows, quantiles);
        return message.build();
    }

    private static void addColumn(AggregateResponse.Builder message, Windows windows, Function function) {
        for (var summary : windows.summaries()) {
            switch (function) {
                case FUNCTION_COUNT -> message.addCount(summary.count());
                case FUNCTION_MEAN -> message.addMean(summary.mean());
                case FUNCTION_MIN -> message.addMin(summary.min());
                case FUNCTION_MAX -> message.addMax(summary.max());
                case FUNCTION_SUM -> message.addSum(summary.sum());
                case FUNCTION_STANDARD_DEVIATION -> message.addStandardDeviation(summary.standardDeviation());
                case FUNCTION_FIRST -> message.addFirst(summary.first());
                case FUNCTION_LAST -> message.addLast(summary.last());
                case FUNCTION_UNSPECIFIED, UNRECOGNIZED -> throw new IllegalArgumentException(function.name());
            }
        }
    }

    private static void addQuantiles(AggregateResponse.Builder message, Windows windows, double[] quantiles) {
        if (quantiles.length == 0) {
            return;
        }
        var columns = new ArrayList<QuantileColumn.Builder>(quantiles.length);
        for (double quantile : quantiles) {
            columns.add(QuantileColumn.newBuilder().setQuantile(quantile));
        }
        for (var summary : windows.summaries()) {
            var values = summary.quantiles();
            for (int i = 0; i < values.length; i++) {
                columns.get(i).addValues(values[i]);
            }
        }
        columns.forEach(message::addQuantiles);
    }

    static Statistics statistics(Aggregation.Statistics statistics) {
        var summary = statistics.summary();
        return Statistics.newBuilder()
                .setGroup(group(statistics.group()))
                .setCount(summary.count())
                .setMean(summary.mean())
                .setMin(summary.min())
                .setMax(summary.max())
                .setSum(summary.sum())
                .setStandardDeviation(summary.standardDeviation())
                .setFirst(summary.first())
                .setFirstUs(summary.firstTime())
                .setLast(summary.last())
                .setLastUs(summary.lastTime())
                .addAllQuantiles(Arrays.stream(summary.quantiles()).boxed().toList())
                .build();
    }

    private static Group group(io.pulseplane.query.Group group) {
        return Group.newBuilder()
                .setCode(group.code())
                .setUnit(group.unit())
                .setPatientId(group.patient())
                .setDeviceId(group.device())
                .build();
    }
}
