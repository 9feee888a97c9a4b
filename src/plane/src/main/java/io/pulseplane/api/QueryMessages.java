package io.pulseplane.api;

import io.pulseplane.query.AggregateQuery;
import io.pulseplane.query.GroupWindows;
import io.pulseplane.query.RunningStatistics;
import io.pulseplane.store.CalendarWindows;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.Function;
import io.pulseplane.v1.Group;
import io.pulseplane.v1.QuantileColumn;
import io.pulseplane.v1.Reading;
import io.pulseplane.v1.SeriesColumns;
import io.pulseplane.v1.Statistics;
import io.pulseplane.vitals.Catalogue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** Converts readings, windows and statistics to messages, and marks readings whose values are not plausible. */
final class QueryMessages {

    private final Catalogue catalogue;

    /** @param catalogue has the plausible values */
    QueryMessages(Catalogue catalogue) {
        this.catalogue = catalogue;
    }

    Reading reading(io.pulseplane.vitals.Reading reading) {
        var series = reading.series();
        return Reading.newBuilder()
                .setPatientId(series.patient())
                .setDeviceId(series.device())
                .setCode(series.code())
                .setUnit(series.unit())
                .setTimeUs(reading.time())
                .setValue(reading.value())
                .setImplausible(!catalogue.plausible(series).contains(reading.value()))
                .build();
    }

    List<SeriesColumns> columns(List<io.pulseplane.vitals.Columns> columns) {
        return columns.stream().map(this::columns).toList();
    }

    private SeriesColumns columns(io.pulseplane.vitals.Columns columns) {
        var series = columns.series();
        var message = Columns.newBuilder()
                .setCode(series.code())
                .setUnit(series.unit())
                .setStartUs(columns.firstTime())
                .setUnknownFields(new PackedFields()
                        .deltas(Columns.TIME_DELTA_US_FIELD_NUMBER, columns.times())
                        .doubles(Columns.VALUES_FIELD_NUMBER, columns.values())
                        .unsigned(Columns.IMPLAUSIBLE_FIELD_NUMBER, implausible(columns))
                        .build());
        return SeriesColumns.newBuilder()
                .setPatientId(series.patient())
                .setDeviceId(series.device())
                .setColumns(message)
                .build();
    }

    /** Returns the positions of the values that are not plausible. */
    private long[] implausible(io.pulseplane.vitals.Columns columns) {
        var plausible = catalogue.plausible(columns.series());
        var values = columns.values();
        int marked = 0;
        for (double value : values) {
            if (!plausible.contains(value)) {
                marked++;
            }
        }
        var positions = new long[marked];
        for (int i = 0, next = 0; next < marked; i++) {
            if (!plausible.contains(values[i])) {
                positions[next++] = i;
            }
        }
        return positions;
    }

    static AggregateResponse windows(GroupWindows windows, Set<Function> functions, double[] quantiles) {
        var message = AggregateResponse.newBuilder()
                .setGroup(group(windows.group()))
                .setStartUs(windows.grid().startOf(windows.indexes()[0]));
        var columns = new PackedFields().unsigned(AggregateResponse.STEPS_FIELD_NUMBER, steps(windows.indexes()));
        switch (windows.grid()) {
            case FixedWindows fixed -> message.setWindowUs(fixed.width());
            case CalendarWindows _ ->
                columns.unsigned(AggregateResponse.STARTS_US_FIELD_NUMBER, windows.startTimes())
                        .unsigned(AggregateResponse.ENDS_US_FIELD_NUMBER, windows.endTimes());
        }
        for (var function : functions) {
            addColumn(columns, windows.statistics(), function);
        }
        addQuantiles(message, windows, quantiles);
        return message.setUnknownFields(columns.build()).build();
    }

    private static long[] steps(long[] indexes) {
        var steps = new long[indexes.length];
        for (int i = 1; i < steps.length; i++) {
            steps[i] = indexes[i] - indexes[i - 1];
        }
        return steps;
    }

    private static void addColumn(PackedFields columns, List<RunningStatistics> statistics, Function function) {
        switch (function) {
            case FUNCTION_COUNT ->
                columns.unsigned(
                        AggregateResponse.COUNT_FIELD_NUMBER,
                        statistics.stream().mapToLong(RunningStatistics::count).toArray());
            case FUNCTION_MEAN ->
                add(columns, AggregateResponse.MEAN_FIELD_NUMBER, statistics, RunningStatistics::mean);
            case FUNCTION_MIN -> add(columns, AggregateResponse.MIN_FIELD_NUMBER, statistics, RunningStatistics::min);
            case FUNCTION_MAX -> add(columns, AggregateResponse.MAX_FIELD_NUMBER, statistics, RunningStatistics::max);
            case FUNCTION_SUM -> add(columns, AggregateResponse.SUM_FIELD_NUMBER, statistics, RunningStatistics::sum);
            case FUNCTION_STANDARD_DEVIATION ->
                add(
                        columns,
                        AggregateResponse.STANDARD_DEVIATION_FIELD_NUMBER,
                        statistics,
                        RunningStatistics::standardDeviation);
            case FUNCTION_FIRST ->
                add(columns, AggregateResponse.FIRST_FIELD_NUMBER, statistics, RunningStatistics::first);
            case FUNCTION_LAST ->
                add(columns, AggregateResponse.LAST_FIELD_NUMBER, statistics, RunningStatistics::last);
            case FUNCTION_UNSPECIFIED, UNRECOGNIZED -> throw new IllegalArgumentException(function.name());
        }
    }

    private static void add(
            PackedFields columns,
            int number,
            List<RunningStatistics> statistics,
            ToDoubleFunction<RunningStatistics> function) {
        columns.doubles(number, statistics.stream().mapToDouble(function).toArray());
    }

    private static void addQuantiles(AggregateResponse.Builder message, GroupWindows windows, double[] quantiles) {
        if (quantiles.length == 0) {
            return;
        }
        var columns = new ArrayList<QuantileColumn.Builder>(quantiles.length);
        for (double quantile : quantiles) {
            columns.add(QuantileColumn.newBuilder().setQuantile(quantile));
        }
        for (var window : windows.statistics()) {
            var values = window.quantiles();
            for (int i = 0; i < values.length; i++) {
                columns.get(i).addValues(values[i]);
            }
        }
        columns.forEach(message::addQuantiles);
    }

    static Statistics statistics(AggregateQuery.GroupStatistics statistics) {
        var values = statistics.statistics();
        return Statistics.newBuilder()
                .setGroup(group(statistics.group()))
                .setCount(values.count())
                .setMean(values.mean())
                .setMin(values.min())
                .setMax(values.max())
                .setSum(values.sum())
                .setStandardDeviation(values.standardDeviation())
                .setFirst(values.first())
                .setFirstUs(values.firstTime())
                .setLast(values.last())
                .setLastUs(values.lastTime())
                .addAllQuantiles(Arrays.stream(values.quantiles()).boxed().toList())
                .build();
    }

    private static Group group(io.pulseplane.query.SeriesGroup group) {
        return Group.newBuilder()
                .setCode(group.code())
                .setUnit(group.unit())
                .setPatientId(group.patient())
                .setDeviceId(group.device())
                .build();
    }
}
