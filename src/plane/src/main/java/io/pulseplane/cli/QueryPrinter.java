package io.pulseplane.cli;

import com.google.protobuf.Message;
import io.pulseplane.client.ColumnMessages;
import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.GetStatisticsResponse;
import io.pulseplane.v1.Group;
import io.pulseplane.v1.QueryReadingsResponse;
import io.pulseplane.v1.SeriesColumns;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.VitalSign;
import java.io.PrintWriter;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** Prints the answers to queries, as JSON or as tables. */
final class QueryPrinter {

    /** The role that the command line queries readings in. */
    static final String READER_ROLE = "authorized_medical_staff";

    private final PrintWriter out;
    private final boolean json;

    QueryPrinter(PrintWriter out, boolean json) {
        this.out = out;
        this.json = json;
    }

    /** What stands behind a reading whose value the plane does not call plausible. */
    private static final String MARK = "implausible";

    static String name(String code) {
        return Catalogue.standard().find(code).map(VitalSign::name).orElse("");
    }

    /** Formats with at most four decimals and without trailing zeros. */
    static String number(double value) {
        if (!Double.isFinite(value) || Math.abs(value) >= 1e12) {
            return Double.toString(value);
        }
        var text = String.format(java.util.Locale.ROOT, "%.4f", value);
        return text.replaceFirst("\\.?0+$", "");
    }

    private void line(Message message) {
        out.println(Json.line(message));
        out.flush();
    }

    void latest(GetLatestResponse response) {
        if (json) {
            line(response);
            return;
        }
        var table = new Table("TIME", "PATIENT", "DEVICE", "CODE", "VALUE", "UNIT", "");
        for (var reading : response.getReadingsList()) {
            table.row(
                    Times.format(reading.getTimeUs()),
                    reading.getPatientId(),
                    reading.getDeviceId(),
                    reading.getCode(),
                    number(reading.getValue()),
                    reading.getUnit(),
                    (name(reading.getCode()) + (reading.getImplausible() ? "  " + MARK : "")).strip());
        }
        print(table);
    }

    void readings(Iterator<QueryReadingsResponse> responses, boolean newestFirst) {
        var last = QueryReadingsResponse.getDefaultInstance();
        boolean hasReadings = false;
        while (responses.hasNext()) {
            last = responses.next();
            hasReadings = true;
            if (json) {
                line(last);
            } else {
                rows(last.getSeriesList(), newestFirst);
            }
        }
        if (!json && !hasReadings) {
            out.println("no readings");
        }
        if (!json && !last.getPageToken().isEmpty()) {
            out.println("more: --page-token " + last.getPageToken());
        }
        out.flush();
    }

    private record Row(long time, SeriesColumns series, double value, boolean implausible) {}

    /** Prints one line for each reading, in order of time over all series. */
    private void rows(List<SeriesColumns> seriesColumns, boolean newestFirst) {
        var rows = new ArrayList<Row>();
        for (var series : seriesColumns) {
            var times = ColumnMessages.times(series.getColumns());
            var implausible = Set.copyOf(series.getColumns().getImplausibleList());
            for (int i = 0; i < times.length; i++) {
                rows.add(new Row(times[i], series, series.getColumns().getValues(i), implausible.contains(i)));
            }
        }
        var byTime = Comparator.comparingLong(Row::time);
        rows.sort(newestFirst ? byTime.reversed() : byTime);
        for (var row : rows) {
            var columns = row.series.getColumns();
            out.printf(
                    "%s  %s  %s  %s  %s %s%s%n",
                    Times.format(row.time),
                    row.series.getPatientId(),
                    row.series.getDeviceId(),
                    columns.getCode(),
                    number(row.value),
                    columns.getUnit(),
                    row.implausible ? "  " + MARK : "");
        }
    }

    void watch(List<SeriesColumns> series) {
        rows(series, false);
        out.flush();
    }

    /** @param zone the start of each window is shown in local time of this zone */
    void windows(Iterator<AggregateResponse> responses, ZoneId zone, boolean bySeries) {
        boolean hasReadings = false;
        while (responses.hasNext()) {
            var response = responses.next();
            hasReadings = true;
            if (json) {
                line(response);
            } else {
                print(windows(response, zone, bySeries));
            }
        }
        if (!json && !hasReadings) {
            out.println("no readings");
            out.flush();
        }
    }

    private Table windows(AggregateResponse windows, ZoneId zone, boolean bySeries) {
        out.println();
        out.println(title(windows.getGroup(), bySeries));
        var headings = new ArrayList<>(List.of("WINDOW", "COUNT", "MEAN", "MIN", "MAX", "SD", "FIRST", "LAST"));
        windows.getQuantilesList().forEach(quantile -> headings.add("Q" + number(quantile.getQuantile())));
        var table = new Table(headings.toArray(String[]::new));
        var starts = ColumnMessages.windowStarts(windows);
        for (int i = 0; i < starts.length; i++) {
            var row = new ArrayList<Object>(List.of(
                    Times.format(starts[i], zone),
                    windows.getCount(i),
                    number(windows.getMean(i)),
                    number(windows.getMin(i)),
                    number(windows.getMax(i)),
                    number(windows.getStandardDeviation(i)),
                    number(windows.getFirst(i)),
                    number(windows.getLast(i))));
            for (var quantile : windows.getQuantilesList()) {
                row.add(number(quantile.getValues(i)));
            }
            table.row(row.toArray());
        }
        return table;
    }

    private static String title(Group group, boolean bySeries) {
        var subject = bySeries ? " of " + group.getPatientId() + " by " + group.getDeviceId() : "";
        return (group.getCode() + " " + name(group.getCode())).strip() + " [" + group.getUnit() + "]" + subject;
    }

    void statistics(GetStatisticsResponse response, List<Double> quantiles, boolean bySeries) {
        if (json) {
            line(response);
            return;
        }
        var headings =
                new ArrayList<>(List.of("CODE", "", "UNIT", "COUNT", "MEAN", "MIN", "MAX", "SD", "FIRST", "LAST"));
        if (bySeries) {
            headings.addAll(1, List.of("PATIENT", "DEVICE"));
        }
        quantiles.forEach(quantile -> headings.add("Q" + number(quantile)));
        var table = new Table(headings.toArray(String[]::new));
        for (var statistics : response.getStatisticsList()) {
            var group = statistics.getGroup();
            var row = new ArrayList<Object>(List.of(
                    group.getCode(),
                    name(group.getCode()),
                    group.getUnit(),
                    statistics.getCount(),
                    number(statistics.getMean()),
                    number(statistics.getMin()),
                    number(statistics.getMax()),
                    number(statistics.getStandardDeviation()),
                    number(statistics.getFirst()),
                    number(statistics.getLast())));
            if (bySeries) {
                row.addAll(1, List.of(group.getPatientId(), group.getDeviceId()));
            }
            statistics.getQuantilesList().forEach(quantile -> row.add(number(quantile)));
            table.row(row.toArray());
        }
        print(table);
    }

    private void print(Table table) {
        if (table.isEmpty()) {
            out.println("no readings");
            out.flush();
        } else {
            table.print(out);
        }
    }
}
