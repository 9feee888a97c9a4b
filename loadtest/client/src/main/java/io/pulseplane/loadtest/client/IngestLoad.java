package io.pulseplane.loadtest.client;

import io.pulseplane.api.v1.IngestServiceGrpc;
import io.pulseplane.api.v1.StreamReadingsRequest;
import io.pulseplane.api.v1.StreamReadingsResponse;
import java.util.ArrayList;
import java.util.List;

/** How many readings become durable, by the size of batches: monitors that stream, every acknowledgement synced. */
final class IngestLoad {

    private static final int[] READINGS = {1, 10, 100, 1_000};
    private static final int MONITORS = 8;

    /** Unacknowledged batches of each monitor, as the plane's own client has them. */
    private static final int WINDOW = 16;

    /** From here on, in the past, so that no reading is in the future however fast it goes. */
    private static final long FROM_US = 1_577_836_800_000_000L;

    private static final long SECOND_US = 1_000_000;

    private final Bench bench;
    private final Report report;

    IngestLoad(Bench bench, Report report) {
        this.bench = bench;
        this.report = report;
    }

    void measure(Plane plane) throws InterruptedException {
        var rows = report.table(
                "Durable ingest",
                MONITORS + " monitors stream batches of " + History.signs() + " vital signs; milliseconds to the"
                        + " acknowledgement with " + WINDOW + " batches under way each.",
                "readings in a batch",
                "readings/s",
                "batches/s",
                "p50",
                "p99",
                "p99.9",
                "failed");
        var points = new ArrayList<double[]>();
        for (int perSign : READINGS) {
            int size = perSign * History.signs();
            var outcome = run(plane, perSign);
            rows.add(List.of(
                    size,
                    outcome.perSecond(),
                    outcome.perSecond() / size,
                    outcome.millis(50),
                    outcome.millis(99),
                    outcome.millis(99.9),
                    outcome.failuresText()));
            points.add(new double[] {size, outcome.perSecond()});
        }
        report.chart(
                "ingest",
                Chart.logarithmic(
                        "Durable ingest by size of batch",
                        "readings in a batch",
                        "readings a second",
                        List.of(new Chart.Line("readings/s", points))));
    }

    private Outcome run(Plane plane, int perSign) throws InterruptedException {
        var template = History.batch("p-ingest", "", 1, FROM_US, perSign);
        var calls = new Calls<>(
                IngestServiceGrpc.getStreamReadingsMethod(),
                number -> {
                    long sequence = number / MONITORS + 1;
                    return StreamReadingsRequest.newBuilder()
                            .setBatch(History.moved(
                                    template,
                                    monitor(number % MONITORS, perSign),
                                    sequence,
                                    FROM_US + sequence * perSign * SECOND_US))
                            .build();
                },
                stream -> Tokens.headers(plane.tokens().ofDevice(monitor(stream, perSign))));
        try (var connections = new Connections(plane.port(), MONITORS)) {
            return Pipeline.run(
                    connections, calls, IngestLoad::accepted, MONITORS, WINDOW, bench.warmUp(), bench.measured());
        }
    }

    private static String monitor(long number, int perSign) {
        return "in-" + perSign + "-" + number;
    }

    private static long accepted(StreamReadingsResponse answer) {
        if (!answer.hasAcknowledgement() || answer.getAcknowledgement().getRejectionsCount() > 0) {
            throw new IllegalStateException("not acknowledged: " + answer);
        }
        return answer.getAcknowledgement().getAccepted();
    }
}
