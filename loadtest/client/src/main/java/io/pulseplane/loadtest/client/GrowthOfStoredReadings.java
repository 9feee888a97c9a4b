package io.pulseplane.loadtest.client;

import io.grpc.MethodDescriptor;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.Function;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Measures the cost of queries and ingest, and the time to open the store, by the number of stored readings. */
final class GrowthOfStoredReadings {

    private static final long MIN_READINGS = 1_000_000;
    private static final int BATCH = 10_000;
    private static final int MONITORS = 8;
    private static final int WINDOW = 8;
    private static final int STARTS = 5;

    private static final long FROM_US = 1_577_836_800_000_000L;
    private static final long SECOND_US = 1_000_000;
    private static final long DAY_US = 86_400 * SECOND_US;
    /** The figures are those of chunks, so the plane compacts soon. */
    private static final String EARLY_COMPACTION = "-Dpulseplane.store.compact-after=5s";

    private static final double MIN_SLICE_SECONDS = 0.1;

    private final Harness harness;
    private final Report report;
    private final long[] sequences = new long[MONITORS];

    GrowthOfStoredReadings(Harness harness, Report report) {
        this.harness = harness;
        this.report = report;
    }

    void measure(Plane.Setup defaultSetup, Path data, long maxReadings) throws IOException, InterruptedException {
        var setup = defaultSetup.with(EARLY_COMPACTION);
        var rows = report.table(
                "How reading and writing grow with what is stored",
                MONITORS + " series at 1 Hz, sent in batches of " + Report.number(BATCH)
                        + "; one caller queries a day of one series and its minutes, one query at a time;"
                        + " milliseconds, warm server.",
                "readings",
                "sent at readings/s",
                "bytes a reading",
                "GetLatest/s",
                "us each",
                "a day p50",
                "a day p99",
                "minutes of a day p50",
                "minutes of a day p99",
                "live heap MiB");
        var lines = List.of(
                new Chart.Line("a day", new ArrayList<>()), new Chart.Line("minutes of a day", new ArrayList<>()));
        long stored = 0;
        try (var plane = Plane.start(setup, data, 0)) {
            for (long target : Growth.powersOfTen(MIN_READINGS, maxReadings)) {
                var sent = send(plane, target - stored);
                stored += sent.answered();
                if (target == MIN_READINGS) {
                    new SeedData(plane, MONITORS).grantConsent(0, MONITORS, GrowthOfStoredReadings::patient);
                }
                var disk = plane.compactedFootprint();
                var peak = latest(plane, stored);
                var day = query(plane, stored, "a day", QueryServiceGrpc.getQueryReadingsMethod(), dayRequest());
                var minutes = query(plane, stored, "minutes", QueryServiceGrpc.getAggregateMethod(), minutesRequest());
                rows.add(List.of(
                        stored,
                        sent.perSecond(),
                        (double) disk.bytes() / disk.readings(),
                        peak.perSecond(),
                        peak.cpuMicrosPerAnswer(),
                        day.millis(50),
                        day.millis(99),
                        minutes.millis(50),
                        minutes.millis(99),
                        plane.liveHeapMib()));
                lines.get(0).points().add(new double[] {stored, day.millis(50)});
                lines.get(1).points().add(new double[] {stored, minutes.millis(50)});
            }
        }
        report.chart(
                "growth-stored",
                Chart.logarithmic(
                        "Reading by number of readings stored", "readings stored", "milliseconds, p50", lines));
        measureOpening(setup, data, stored);
    }

    /** Sends at least this number of readings, in slices, because the rate of the plane is not known in advance. */
    private Outcome send(Plane plane, long readings) throws InterruptedException {
        var template = SeedData.batch("", "", 1, FROM_US, 1, BATCH);
        var calls = new CallGenerator<StreamReadingsRequest, StreamReadingsResponse>(
                IngestServiceGrpc.getStreamReadingsMethod(),
                number -> {
                    int monitor = (int) (number % MONITORS);
                    long sequence = ++sequences[monitor];
                    var batch = SeedData.shifted(
                                    template, device(monitor), sequence, FROM_US + (sequence - 1) * BATCH * SECOND_US)
                            .toBuilder()
                            .setPatientId(patient(monitor));
                    return StreamReadingsRequest.newBuilder().setBatch(batch).build();
                },
                stream -> Tokens.headers(plane.tokens().ofDevice(device(stream))));
        long sent = 0;
        double seconds = 0;
        try (var connections = new ClientConnections(plane.port(), MONITORS)) {
            while (sent < readings) {
                double secondsLeft = sent == 0 ? MIN_SLICE_SECONDS : (readings - sent) / (sent / seconds);
                var slice = Duration.ofMillis((long) (1_000 * Math.clamp(secondsLeft, MIN_SLICE_SECONDS, 5)));
                var outcome = ClosedLoopStreams.run(
                        connections, calls, IngestLoad::acceptedReadings, MONITORS, WINDOW, Duration.ZERO, slice);
                sent += outcome.answered();
                seconds += outcome.seconds();
            }
        }
        return new Outcome(sent, seconds, Outcome.newHistogram(), Map.of(), 0);
    }

    private Harness.PeakThroughput latest(Plane plane, long stored) throws IOException, InterruptedException {
        var caller = Tokens.headers(plane.tokens().ofRole("authorized_medical_staff"));
        try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
            return harness.unary(
                    "GetLatest beside " + Report.number(stored) + " readings",
                    plane.server(),
                    connections,
                    CallGenerator.of(
                            caller, QueryServiceGrpc.getGetLatestMethod(), number -> latestRequest(number % MONITORS)));
        }
    }

    private <Q, R> Outcome query(Plane plane, long stored, String name, MethodDescriptor<Q, R> method, Q request)
            throws IOException, InterruptedException {
        var caller = Tokens.headers(plane.tokens().ofRole("authorized_medical_staff"));
        return harness.sequential(
                name + " of " + Report.number(stored) + " readings",
                plane,
                CallGenerator.of(caller, method, _ -> request));
    }

    private static GetLatestRequest latestRequest(long monitor) {
        return GetLatestRequest.newBuilder()
                .setPatientId(patient(monitor))
                .addCodes(SeedData.HEART_RATE)
                .build();
    }

    private static QueryReadingsRequest dayRequest() {
        return QueryReadingsRequest.newBuilder()
                .setPatientId(patient(0))
                .addCodes(SeedData.HEART_RATE)
                .setFromUs(FROM_US)
                .setToUs(FROM_US + DAY_US)
                .build();
    }

    private static AggregateRequest minutesRequest() {
        return AggregateRequest.newBuilder()
                .setPatientId(patient(0))
                .addCodes(SeedData.HEART_RATE)
                .setFromUs(FROM_US)
                .setToUs(FROM_US + DAY_US)
                .setWindowUs(60 * SECOND_US)
                .addFunctions(Function.FUNCTION_MEAN)
                .addFunctions(Function.FUNCTION_MIN)
                .addFunctions(Function.FUNCTION_MAX)
                .build();
    }

    /** Starts an almost empty plane and the full one in turn, so that other work on the machine affects both alike. */
    private void measureOpening(Plane.Setup setup, Path data, long stored) throws IOException, InterruptedException {
        var almostEmpty = data.resolveSibling(data.getFileName() + "-empty");
        LoadTest.delete(almostEmpty);
        try (var plane = Plane.start(setup, almostEmpty, 0)) {
            var batch = SeedData.batch(patient(0), device(0), 1, FROM_US, 1, 1);
            new SeedData(plane, 1).put(device(0), batch);
            new SeedData(plane, 1).grantConsent(0, 1, GrowthOfStoredReadings::patient);
        }
        var small = Outcome.newHistogram();
        var large = Outcome.newHistogram();
        for (int i = 0; i < STARTS; i++) {
            small.recordValue(ColdStart.measureNanos(setup, almostEmpty, latestRequest(0)));
            large.recordValue(ColdStart.measureNanos(setup, data, latestRequest(0)));
        }
        LoadTest.delete(almostEmpty);
        double smallMillis = small.getValueAtPercentile(50) / 1e6;
        double largeMillis = large.getValueAtPercentile(50) / 1e6;
        report.table(
                        "Opening",
                        "Milliseconds from the start of the process to the first answered GetLatest, over " + STARTS
                                + " starts of each in turn; both include the start of the virtual machine.",
                        "store",
                        "p50",
                        "least",
                        "most")
                .addAll(List.of(
                        List.of("one reading", smallMillis, small.getMinValue() / 1e6, small.getMaxValue() / 1e6),
                        List.of(
                                Report.number(stored) + " readings",
                                largeMillis,
                                large.getMinValue() / 1e6,
                                large.getMaxValue() / 1e6),
                        List.of("the difference", largeMillis - smallMillis, Double.NaN, Double.NaN)));
    }

    private static String patient(long monitor) {
        return "p-grow-" + monitor;
    }

    private static String device(long monitor) {
        return "m-grow-" + monitor;
    }
}
