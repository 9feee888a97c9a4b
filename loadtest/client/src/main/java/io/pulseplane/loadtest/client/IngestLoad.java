package io.pulseplane.loadtest.client;

import io.pulseplane.api.v1.IngestServiceGrpc;
import io.pulseplane.api.v1.StreamReadingsRequest;
import io.pulseplane.api.v1.StreamReadingsResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How many readings become durable, by the size of batches: monitors that stream, every acknowledgement synced; and what
 * somebody sees of it who asks meanwhile.
 */
final class IngestLoad {

    /**
     * What is in a batch.
     *
     * @param perSeries readings of each of so many vital signs
     */
    record Shape(int signs, int perSeries) {

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

    /** How it went, for those who sent and for the one who asked. */
    private record Row(Outcome acknowledged, Outcome bystander) {

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
                    acknowledged.millis(50),
                    acknowledged.millis(99),
                    acknowledged.millis(99.9),
                    acknowledged.maxMillis(),
                    acknowledged.failuresText(),
                    acknowledged.held(),
                    bystander.millis(50),
                    bystander.millis(99),
                    bystander.millis(99.9),
                    bystander.maxMillis());
        }
    }

    /** Sends for a while: for a lead that does not count, and then for what is measured. */
    private interface Load {
        Outcome send(
                Connections connections,
                Calls<StreamReadingsRequest, StreamReadingsResponse> calls,
                Duration lead,
                Duration measured)
                throws InterruptedException;
    }

    private static final List<Shape> SHAPES = List.of(
            new Shape(1, 10),
            new Shape(1, 1_000),
            new Shape(History.signs(), 1),
            new Shape(History.signs(), 10),
            new Shape(History.signs(), 100),
            new Shape(History.signs(), 1_000));

    /** What is wanted, in readings a second, and what is to be seen of it: nothing for longer than 20 ms. */
    private static final Map<Shape, Integer> GOALS = Map.of(new Shape(1, 10), 300_000, new Shape(1, 1_000), 3_000_000);

    private static final int MONITORS = 8;

    /** Unacknowledged batches of each monitor, as the plane's own client has them. */
    private static final int WINDOW = 16;

    /** As many readings of each monitor are under way where batches are so small that their number would be the bound. */
    private static final int WINDOW_OF_SMALL = 128;

    private static final int SMALL = 100;

    /** From here on, in the past, so that no reading is in the future however fast it goes. */
    private static final long FROM_US = 1_577_836_800_000_000L;

    private static final long SECOND_US = 1_000_000;

    private final Bench bench;
    private final Report report;

    IngestLoad(Bench bench, Report report) {
        this.bench = bench;
        this.report = report;
    }

    void measure(Plane plane) throws IOException, InterruptedException {
        var before = plane.store();
        measure(plane, "Durable ingest", "ingest", SHAPES);
        atTheGoal(plane);
        var after = plane.settledStore();
        long readings = after.readings() - before.readings();
        report.table(
                        "What ingest leaves on disk",
                        "Of all batches above and those of the warm-up, once they are chunks; sealed, with indexes and receipts.",
                        "readings",
                        "bytes",
                        "bytes a reading")
                .add(List.of(
                        readings,
                        after.bytes() - before.bytes(),
                        (double) (after.bytes() - before.bytes()) / readings));
    }

    void measure(Plane plane, String title, String chart, List<Shape> shapes) throws IOException, InterruptedException {
        var table = table(
                title,
                MONITORS + " monitors stream batches, " + WINDOW + " under way each, or " + WINDOW_OF_SMALL
                        + " where they are smaller than " + SMALL + " readings; milliseconds to the acknowledgement");
        var points = new TreeMap<Integer, List<double[]>>();
        for (var shape : shapes) {
            int window = shape.readings() < SMALL ? WINDOW_OF_SMALL : WINDOW;
            var row = run(
                    plane,
                    shape,
                    "in-",
                    (connections, calls, lead, measured) ->
                            Pipeline.run(connections, calls, IngestLoad::accepted, MONITORS, window, lead, measured));
            points.computeIfAbsent(shape.signs(), _ -> new ArrayList<>())
                    .add(new double[] {shape.readings(), row.acknowledged().perSecond()});
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

    /** What those see who send, and somebody else, while readings come at the rate that is wanted and become chunks. */
    private void atTheGoal(Plane plane) throws IOException, InterruptedException {
        var table = table(
                "Pauses while readings come",
                "At a fixed rate, whatever became of batches before; milliseconds from when a batch was due to its"
                        + " acknowledgement");
        for (var shape : SHAPES) {
            var goal = GOALS.get(shape);
            if (goal != null) {
                double perSecond = (double) goal / shape.readings();
                add(
                        table,
                        shape,
                        run(
                                plane,
                                shape,
                                "at-a-fixed-rate-",
                                (connections, calls, lead, measured) -> PacedStreams.run(
                                        connections,
                                        calls,
                                        IngestLoad::accepted,
                                        MONITORS,
                                        perSecond,
                                        lead,
                                        measured)));
            }
        }
    }

    private List<List<Object>> table(String title, String how) {
        return report.table(
                title,
                how + ", and of " + (int) Bystander.PER_SECOND + " GetLatest a second by somebody else.",
                Stream.concat(Stream.of("readings in a batch", "readings/s", "batches/s"), Row.names().stream())
                        .toArray(String[]::new));
    }

    private static void add(List<List<Object>> table, Shape shape, Row row) {
        double perSecond = row.acknowledged().perSecond();
        var line = new ArrayList<Object>(List.of(shape, perSecond, perSecond / shape.readings()));
        line.addAll(row.values());
        table.add(line);
    }

    /** Warm. */
    private Row run(Plane plane, Shape shape, String name, Load load) throws IOException, InterruptedException {
        var calls = batches(plane, shape, name);
        try (var connections = new Connections(plane.port(), MONITORS)) {
            bench.warmUp()
                    .until(
                            "ingest, " + name + "batches of " + shape,
                            slice -> load.send(connections, calls, Duration.ZERO, slice)
                                    .perSecond());
            var bystander = Bystander.ask(plane, bench.lead().plus(bench.measured()));
            var acknowledged = load.send(connections, calls, bench.lead(), bench.measured());
            return new Row(acknowledged, bystander.join());
        }
    }

    /** Each monitor's go on where they were when they are asked for again. */
    private static Calls<StreamReadingsRequest, StreamReadingsResponse> batches(Plane plane, Shape shape, String load) {
        var template = History.batch("p-ingest", "", 1, FROM_US, shape.signs(), shape.perSeries());
        var sequences = new long[MONITORS];
        return new Calls<>(
                IngestServiceGrpc.getStreamReadingsMethod(),
                number -> {
                    int monitor = (int) (number % MONITORS);
                    long sequence = ++sequences[monitor];
                    return StreamReadingsRequest.newBuilder()
                            .setBatch(History.moved(
                                    template,
                                    monitor(load, monitor, shape),
                                    sequence,
                                    FROM_US + sequence * shape.perSeries() * SECOND_US))
                            .build();
                },
                stream -> Tokens.headers(plane.tokens().ofDevice(monitor(load, stream, shape))));
    }

    private static String monitor(String load, long number, Shape shape) {
        return load + shape.signs() + "-" + shape.perSeries() + "-" + number;
    }

    static long accepted(StreamReadingsResponse answer) {
        if (!answer.hasAcknowledgement() || answer.getAcknowledgement().getRejectionsCount() > 0) {
            throw new IllegalStateException("not acknowledged: " + answer);
        }
        return answer.getAcknowledgement().getAccepted();
    }
}
