package io.pulseplane.cli;

import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.Grouping;
import io.pulseplane.v1.Order;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.vitals.EpochMicros;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Queries readings of a plane. */
@Command(
        name = "query",
        description = "Query readings.",
        synopsisSubcommandLabel = "QUERY",
        subcommands = {
            QueryCommand.Latest.class,
            QueryCommand.Range.class,
            QueryCommand.Aggregate.class,
            QueryCommand.Statistics.class
        })
final class QueryCommand {

    /** Whose readings: a patient's or a device's. */
    static final class SubjectOptions {

        @Option(names = "--patient", paramLabel = "ID", required = true, description = "Readings of this patient.")
        private String patient;

        @Option(names = "--device", paramLabel = "ID", required = true, description = "Readings of this device.")
        private String device;

        void setOn(Consumer<String> setPatient, Consumer<String> setDevice) {
            if (patient != null) {
                setPatient.accept(patient);
            } else {
                setDevice.accept(device);
            }
        }
    }

    /** What all queries have in common. */
    abstract static class Subcommand {

        @Mixin
        ConnectionOptions plane;

        @Spec
        CommandSpec spec;

        @ArgGroup(multiplicity = "1")
        SubjectOptions subject;

        @Option(
                names = "--code",
                paramLabel = "LOINC",
                split = ",",
                description = "Only these codes; repeat or separate by commas. Default: all")
        List<String> codes = List.of();

        QueryPrinter printer() {
            return new QueryPrinter(spec.commandLine().getOut(), plane.json());
        }
    }

    /** What all queries for a range of time have in common. */
    abstract static class RangeSubcommand extends Subcommand {

        @Option(
                names = "--from",
                paramLabel = "TIME",
                converter = Times.InstantConverter.class,
                description = "Start, inclusive: ISO 8601, now, or -15m. Default: the oldest reading")
        Instant from;

        @Option(
                names = "--to",
                paramLabel = "TIME",
                converter = Times.InstantConverter.class,
                description = "End, exclusive. Default: the newest reading")
        Instant to;

        void setRange(LongConsumer setFrom, LongConsumer setTo) {
            if (from != null) {
                setFrom.accept(EpochMicros.of(from));
            }
            if (to != null) {
                setTo.accept(EpochMicros.of(to));
            }
        }
    }

    @Command(name = "latest", description = "The latest reading of each code.")
    static final class Latest extends Subcommand implements Callable<Integer> {

        @Override
        public Integer call() throws Exception {
            var request = GetLatestRequest.newBuilder().addAllCodes(codes);
            subject.setOn(request::setPatientId, request::setDeviceId);
            return plane.as(QueryPrinter.READER_ROLE, channel -> {
                var latest = QueryServiceGrpc.newBlockingStub(channel).getLatest(request.build());
                printer().latest(latest);
                if (latest.getReadingsCount() == 0 && request.hasPatientId()) {
                    spec.commandLine()
                            .getErr()
                            .println("pulseplane: no readings of devices that are assigned to this patient; "
                                    + "device show lists those that wrote for it");
                }
                return 0;
            });
        }
    }

    @Command(name = "range", description = "The readings of a range of time.")
    static final class Range extends RangeSubcommand implements Callable<Integer> {

        @Option(names = "--limit", paramLabel = "N", description = "At most this many readings. Default: all")
        private long limit;

        @Option(names = "--newest-first", description = "Newest readings first. Default: oldest first")
        private boolean newestFirst;

        @Option(names = "--page-token", paramLabel = "TOKEN", description = "Continue where an earlier answer ended.")
        private String pageToken = "";

        @Override
        public Integer call() throws Exception {
            var request = QueryReadingsRequest.newBuilder()
                    .addAllCodes(codes)
                    .setLimit(limit)
                    .setOrder(newestFirst ? Order.ORDER_NEWEST_FIRST : Order.ORDER_OLDEST_FIRST)
                    .setPageToken(pageToken);
            subject.setOn(request::setPatientId, request::setDeviceId);
            setRange(request::setFromUs, request::setToUs);
            return plane.as(QueryPrinter.READER_ROLE, channel -> {
                printer()
                        .readings(
                                QueryServiceGrpc.newBlockingStub(channel).queryReadings(request.build()), newestFirst);
                return 0;
            });
        }
    }

    @Command(name = "aggregate", description = "Count, mean, extremes and more for each window of time.")
    static final class Aggregate extends RangeSubcommand implements Callable<Integer> {

        @Mixin
        private WindowOptions window;

        @Option(
                names = "--quantile",
                paramLabel = "Q",
                split = ",",
                description = "Quantiles to compute, such as 0.5,0.95. Default: none")
        private List<Double> quantiles = List.of();

        @Option(names = "--fill", description = "Show windows without readings, too; requires --from and --to.")
        private boolean fill;

        @Option(
                names = "--include-implausible",
                description = "Count readings, too, whose values the plane does not call plausible.")
        private boolean includeImplausible;

        @Option(names = "--by-series", description = "Do not combine the readings of several patients or devices.")
        private boolean bySeries;

        @Override
        public Integer call() throws Exception {
            var request = AggregateRequest.newBuilder()
                    .addAllCodes(codes)
                    .addAllQuantiles(quantiles)
                    .setFillEmpty(fill)
                    .setGrouping(bySeries ? Grouping.GROUPING_BY_SERIES : Grouping.GROUPING_BY_CODE)
                    .setIncludeImplausible(includeImplausible);
            subject.setOn(request::setPatientId, request::setDeviceId);
            setRange(request::setFromUs, request::setToUs);
            window.setOn(request);
            var zone = window.zoneId();
            return plane.as(QueryPrinter.READER_ROLE, channel -> {
                printer().windows(QueryServiceGrpc.newBlockingStub(channel).aggregate(request.build()), zone, bySeries);
                return 0;
            });
        }
    }

    @Command(name = "stats", description = "Count, mean, extremes and more for the whole range.")
    static final class Statistics extends RangeSubcommand implements Callable<Integer> {

        @Option(
                names = "--quantile",
                paramLabel = "Q",
                split = ",",
                description = "Quantiles to compute, such as 0.5,0.95. Default: none")
        private List<Double> quantiles = List.of();

        @Option(
                names = "--include-implausible",
                description = "Count readings, too, whose values the plane does not call plausible.")
        private boolean includeImplausible;

        @Option(names = "--by-series", description = "Do not combine the readings of several patients or devices.")
        private boolean bySeries;

        @Override
        public Integer call() throws Exception {
            var request = GetStatisticsRequest.newBuilder()
                    .addAllCodes(codes)
                    .addAllQuantiles(quantiles)
                    .setGrouping(bySeries ? Grouping.GROUPING_BY_SERIES : Grouping.GROUPING_BY_CODE)
                    .setIncludeImplausible(includeImplausible);
            subject.setOn(request::setPatientId, request::setDeviceId);
            setRange(request::setFromUs, request::setToUs);
            return plane.as(QueryPrinter.READER_ROLE, channel -> {
                printer()
                        .statistics(
                                QueryServiceGrpc.newBlockingStub(channel).getStatistics(request.build()),
                                quantiles,
                                bySeries);
                return 0;
            });
        }
    }
}
