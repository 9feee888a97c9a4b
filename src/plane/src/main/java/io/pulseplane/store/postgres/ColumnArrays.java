package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Series;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Readings of many series as array parameters of one statement: all times, all values, and the first and last index of
 * each series in them. Indexes start at 1, as in PostgreSQL. The driver takes arrays of objects only.
 */
record ColumnArrays(
        List<Columns> columns,
        Long[] seriesNumbers,
        Integer[] firstIndexes,
        Integer[] lastIndexes,
        Long[] times,
        Double[] values) {

    /**
     * Bound of one statement. A larger statement would be no faster and take more memory on both sides, and its
     * duration would make the connection look broken.
     */
    static final int MAX_READINGS = 1 << 14;

    static ColumnArrays of(List<Columns> columns, Map<Series, Long> seriesNumbers) {
        int size = columns.stream().mapToInt(Columns::size).sum();
        var arrays = new ColumnArrays(
                columns,
                new Long[columns.size()],
                new Integer[columns.size()],
                new Integer[columns.size()],
                new Long[size],
                new Double[size]);
        int filled = 0;
        for (int k = 0; k < columns.size(); k++) {
            var seriesColumns = columns.get(k);
            arrays.seriesNumbers[k] = seriesNumbers.get(seriesColumns.series());
            arrays.firstIndexes[k] = filled + 1;
            for (int i = 0; i < seriesColumns.size(); i++) {
                arrays.times[filled] = seriesColumns.times()[i];
                arrays.values[filled++] = seriesColumns.values()[i];
            }
            arrays.lastIndexes[k] = filled;
        }
        return arrays;
    }

    /** Splits the readings into portions of at most {@value #MAX_READINGS}. */
    static List<List<Columns>> split(List<Columns> columns) {
        var portions = new ArrayList<List<Columns>>();
        int room = 0;
        for (var seriesColumns : columns) {
            for (int from = 0; from < seriesColumns.size(); ) {
                if (room == 0) {
                    portions.add(new ArrayList<>());
                    room = MAX_READINGS;
                }
                int to = Math.min(seriesColumns.size(), from + room);
                portions.getLast().add(seriesColumns.slice(from, to));
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
        return columns.stream()
                .map(seriesColumns -> part.apply(seriesColumns.series()))
                .toArray(String[]::new);
    }
}
