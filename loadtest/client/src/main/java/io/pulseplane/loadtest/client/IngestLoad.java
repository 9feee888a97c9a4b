package io.pulseplane.loadtest.client;

import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Measures how many readings become durable, by the size of batches. Monitors stream, and every acknowledgement is
 * synced. Meanwhile a {@link Probe} measures the latency of queries.
 */
final class IngestLoad {

    /**
     * The size of a batch.
     *
     * @param perSeries readings of each vital sign
     */
    record BatchShape(int signs, int perSeries) {

        int readings() {
            return signs * perSeries;
        }

        @Override
        public String toString() {
            return signs == 1
                    ? Report.number(perSeries) + " of one series"
                    : Report.number(readings()) + " of " + signs + " series";
        }
    }

    /** The outcomes of the monitors and of the probe. */
    private record Row(Outcome ingest, Outcome probe) {

        static List<String> names() {
            return List.of(
                    "p50",
                    "p99",
                    "p99.9",
                    "max",
                    "failed",
                    "not sent",
                    "somebody p50",
                    "somebody p99",
                    "somebody p99.9",
                    "somebody max");
        }

        List<Object> values() {
            return List.of(
                    ingest.millis(50),
                    ingest.millis(99),
                    ingest.millis(99.9),
                    ingest.maxMillis(),
                    ingest.failuresText(),
                    ingest.notSent(),
                    probe.millis(50),
                    probe.millis(99),
                    probe.millis(99.9),
                    probe.maxMillis());
        }
    }

    /** Sends batches for the ramp-up, which is not counted, and then for the measurement. */
    private interface Load {
        Outcome send(
                ClientConnections connections,
                CallGenerator<StreamReadingsRequest, StreamReadingsResponse> calls,
                Duration rampUp,
                Duration measured)
                throws InterruptedException;
    }

    private static final List<BatchShape> SHAPES = List.of(
            new BatchShape(1, 10),
            new BatchShape(1, 1_000),
            new BatchShape(SeedData.signs(), 1),
            new BatchShape(SeedData.signs(), 10),
            new BatchShape(SeedData.signs(), 100),
            new BatchShape(SeedData.signs(), 1_000));

    /** The target rates, in readings a second. At these rates no pause should be longer than 20 ms. */
    private static final Map<BatchShape, Integer> TARGET_READINGS_PER_SECOND =
            Map.of(new BatchShape(1, 10), 300_000, new BatchShape(1, 1_000), 3_000_000);

    private static final int MONITORS = 8;

    /** Unacknowledged batches of each monitor; the command line has the same bound. */
    private static final int BATCHES_IN_FLIGHT = 16;

    /** Unacknowledged batches of each monitor if batches are small: with fewer, their number would bound the rate. */
    private static final int SMALL_BATCHES_IN_FLIGHT = 128;

    private static final int SMALL = 100;

    /** Time of the first reading: so long ago that no reading is in the future at any rate. */
    private static final long FROM_US = 1_577_836_800_000_000L;

    private static final long SECOND_US = 1_000_000;

    private final Harness harness;
    private final Report report;

    IngestLoad(Harness harness, Report report) {
        this.harness = harness;
        this.report = report;
    }

    void measure(Plane plane) throws IOException, InterruptedException {
        var before = plane.footprint();
        measure(plane, "Durable ingest", "ingest", SHAPES);
        measureAtTarget(plane);
        var after = plane.compactedFootprint();
        long readings = after.readings() - before.readings();
        report.table(
                        "What ingest leaves on disk",
                        "Of all batches above and those of the warm-up, after compaction; encrypted, with indexes and"
                                + " receipts.",
                        "readings",
                        "bytes",
                        "bytes a reading")
                .add(List.of(
                        readings,
                        after.bytes() - before.bytes(),
                        (double) (after.bytes() - before.bytes()) / readings));
    }

    void measure(Plane plane, String title, String chart, List<BatchShape> shapes)
            throws IOException, InterruptedException {
        var table = table(
                title,
                MONITORS + " monitors stream batches, each with " + BATCHES_IN_FLIGHT + " unacknowledged batches, or "
                        + SMALL_BATCHES_IN_FLIGHT + " if batches have fewer than " + SMALL
                        + " readings; milliseconds to the acknowledgement");
        var points = new TreeMap<Integer, List<double[]>>();
        for (var shape : shapes) {
            int batchesInFlight = shape.readings() < SMALL ? SMALL_BATCHES_IN_FLIGHT : BATCHES_IN_FLIGHT;
            var row = run(
                    plane,
                    shape,
                    "in-",
                    (connections, calls, rampUp, measured) -> ClosedLoopStreams.run(
                            connections,
                            calls,
                            IngestLoad::acceptedReadings,
                            MONITORS,
                            batchesInFlight,
                            rampUp,
                            measured));
            points.computeIfAbsent(shape.signs(), _ -> new ArrayList<>())
                    .add(new double[] {shape.readings(), row.ingest().perSecond()});
            add(table, shape, row);
        }
        report.chart(
                chart,
                Chart.logarithmic(
                        title,
                        "readings in a batch",
                        "readings a second",
                        points.entrySet().stream()
                                .map(line -> new Chart.Line(line.getKey() + " series in each", line.getValue()))
                                .toList()));
    }

    /** Measures the latencies of monitors and probe at the target rates, while the plane compacts. */
    private void measureAtTarget(Plane plane) throws IOException, InterruptedException {
        var table = table(
                "Pauses while readings come",
                "Monitors send at a fixed rate, even if earlier batches have no answer; milliseconds from when a"
                        + " batch was due to its acknowledgement");
        for (var shape : SHAPES) {
            var target = TARGET_READINGS_PER_SECOND.get(shape);
            if (target != null) {
                double perSecond = (double) target / shape.readings();
                add(
                        table,
                        shape,
                        run(
                                plane,
                                shape,
                                "at-a-fixed-rate-",
                                (connections, calls, rampUp, measured) -> OpenLoopStreams.run(
                                        connections,
                                        calls,
                                        IngestLoad::acceptedReadings,
                                        MONITORS,
                                        perSecond,
                                        rampUp,
                                        measured)));
            }
        }
    }

    private List<List<Object>> table(String title, String description) {
        return report.table(
                title,
                description + ", and of " + (int) Probe.PER_SECOND + " GetLatest a second by another caller.",
                Stream.concat(Stream.of("readings in a batch", "readings/s", "batches/s"), Row.names().stream())
                        .toArray(String[]::new));
    }

    private static void add(List<List<Object>> table, BatchShape shape, Row row) {
        double perSecond = row.ingest().perSecond();
        var line = new ArrayList<Object>(List.of(shape, perSecond, perSecond / shape.readings()));
        line.addAll(row.values());
        table.add(line);
    }

    /** Warms the plane up with this load, and measures it. */
    private Row run(Plane plane, BatchShape shape, String name, Load load) throws IOException, InterruptedException {
        var calls = batches(plane, shape, name);
        try (var connections = new ClientConnections(plane.port(), MONITORS)) {
            harness.warmUp()
                    .run(
                            "ingest, " + name + "batches of " + shape,
                            slice -> load.send(connections, calls, Duration.ZERO, slice)
                                    .perSecond());
            var probe = Probe.start(plane, harness.rampUp().plus(harness.measurement()));
            var outcome = load.send(connections, calls, harness.rampUp(), harness.measurement());
            return new Row(outcome, probe.join());
        }
    }

    /** Batches of all monitors. Each load continues the sequences, so that no batch is sent twice. */
    private static CallGenerator<StreamReadingsRequest, StreamReadingsResponse> batches(
            Plane plane, BatchShape shape, String load) {
        var template = SeedData.batch("p-ingest", "", 1, FROM_US, shape.signs(), shape.perSeries());
        var sequences = new long[MONITORS];
        return new CallGenerator<>(
                IngestServiceGrpc.getStreamReadingsMethod(),
                number -> {
                    int monitor = (int) (number % MONITORS);
                    long sequence = ++sequences[monitor];
                    return StreamReadingsRequest.newBuilder()
                            .setBatch(SeedData.shifted(
                                    template,
                                    monitor(load, monitor, shape),
                                    sequence,
                                    FROM_US + sequence * shape.perSeries() * SECOND_US))
                            .build();
                },
                stream -> Tokens.headers(plane.tokens().ofDevice(monitor(load, stream, shape))));
    }

    private static String monitor(String load, long number, BatchShape shape) {
        return load + shape.signs() + "-" + shape.perSeries() + "-" + number;
    }

    static long acceptedReadings(StreamReadingsResponse answer) {
        if (!answer.hasAcknowledgement() || answer.getAcknowledgement().getRejectionsCount() > 0) {
            throw new IllegalStateException("expected an acknowledgement without rejections, got " + answer);
        }
        return answer.getAcknowledgement().getAccepted();
    }
}
