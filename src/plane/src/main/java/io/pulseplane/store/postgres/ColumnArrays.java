package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Series;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Readings of many series as the arrays of one statement: all times, all values, and where in them those of each series
 * are, counted from one as PostgreSQL does. The driver takes arrays of objects only.
 */
record ColumnArrays(
        List<Columns> columns,
        Long[] seriesNumbers,
        Integer[] firstIndexes,
        Integer[] lastIndexes,
        Long[] times,
        Double[] values) {

    /** More in one statement would take as long, and more memory at either end; and it would look like one that hangs. */
    static final int MAX_READINGS = 1 << 14;

    static ColumnArrays of(List<Columns> columns, Map<Series, Long> numbers) {
        int size = columns.stream().mapToInt(Columns::size).sum();
        var spread = new ColumnArrays(
                columns,
                new Long[columns.size()],
                new Integer[columns.size()],
                new Integer[columns.size()],
                new Long[size],
                new Double[size]);
        int filled = 0;
        for (int k = 0; k < columns.size(); k++) {
            var each = columns.get(k);
            spread.seriesNumbers[k] = numbers.get(each.series());
            spread.firstIndexes[k] = filled + 1;
            for (int i = 0; i < each.size(); i++) {
                spread.times[filled] = each.times()[i];
                spread.values[filled++] = each.values()[i];
            }
            spread.lastIndexes[k] = filled;
        }
        return spread;
    }

    /** The same readings in portions of at most {@value #MAX_READINGS}. */
    static List<List<Columns>> split(List<Columns> columns) {
        var portions = new ArrayList<List<Columns>>();
        int room = 0;
        for (var each : columns) {
            for (int from = 0; from < each.size(); ) {
                if (room == 0) {
                    portions.add(new ArrayList<>());
                    room = MAX_READINGS;
                }
                int to = Math.min(each.size(), from + room);
                portions.getLast().add(each.slice(from, to));
                room -= to - from;
                from = to;
            }
        }
        return portions;
    }

    String[] patients() {
        return column(Series::patient);
    }

    String[] column(Function<Series, String> part) {
        return columns.stream().map(each -> part.apply(each.series())).toArray(String[]::new);
    }
}
