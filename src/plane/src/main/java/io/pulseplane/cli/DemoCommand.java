package io.pulseplane.cli;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.pulseplane.client.ColumnMessages;
import io.pulseplane.client.PlaneClient;
import io.pulseplane.client.RetryPolicy;
import io.pulseplane.node.PlaneProcess;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.vitals.EpochMicros;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs a plane in a fresh folder, lets monitors stream into it, and shows what it answers. */
@Command(
        name = "demo",
        description = {
            "Run a plane in a fresh folder with simulated monitors and show what it answers, until Ctrl-C.",
            "",
            "It is a plane like any other while it runs: query and watch work beside it."
        })
final class DemoCommand implements Callable<Integer> {

    private static final long SECOND = 1_000_000L;
    private static final long MINUTE = 60 * SECOND;

    /** A minute of history for each window that is shown, so that the table is full from the start. */
    private static final int HISTORY_MINUTES = 3;

    private static final int SHOWN_PATIENTS = 5;

    @Spec
    private CommandSpec spec;

    @Option(names = "--seconds", paramLabel = "N", description = "End after this many seconds. Default: at Ctrl-C")
    private Long seconds;

    @Option(
            names = "--devices",
            paramLabel = "N",
            defaultValue = "5",
            description = "Monitors. Default: ${DEFAULT-VALUE}")
    private int devices;

    private PrintWriter out;
    private CredentialOptions credentials;

    @Override
    public Integer call() throws IOException {
        if (devices < 1 || devices > 1_000 || seconds != null && seconds < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--devices must be from 1 to 1,000, --seconds must be 1 or more");
        }
        out = spec.commandLine().getOut();
        var directory = Files.createTempDirectory("pulseplane-demo-");
        System.setProperty("pulseplane.data-dir", directory.toString());
        // What the plane has to say otherwise would tear the table apart.
        System.setProperty("quarkus.log.level", "WARN");
        credentials = CredentialOptions.local(directory);
        return new PlaneProcess(() -> delete(directory)).runAlongside(this::show);
    }

    /** Beside the running plane; the plane stops when this is done. */
    private void show(int port) {
        var client = client(port);
        var summary = new IngestSummary();
        var monitors = Thread.ofVirtual().unstarted(() -> stream(client, summary));
        try {
            monitors.start();
            long begun = System.nanoTime();
            long ends = seconds == null ? Long.MAX_VALUE : begun + TimeUnit.SECONDS.toNanos(seconds);
            while (System.nanoTime() < ends && monitors.isAlive()) {
                TimeUnit.SECONDS.sleep(1);
                print(
                        QueryServiceGrpc.newBlockingStub(client.channel(credentials.ofRole(QueryPrinter.READER_ROLE))),
                        summary);
            }
        } catch (InterruptedException _) {
            // The plane is stopping, and so is this.
        } finally {
            monitors.interrupt();
            client.close();
        }
    }

    private static PlaneClient client(int port) {
        try {
            return PlaneClient.to("localhost:" + port)
                    .transport(NettyChannelBuilder::forTarget)
                    .retry(RetryPolicy.NONE)
                    .withoutDeadline()
                    .build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void stream(PlaneClient client, IngestSummary summary) {
        long now = EpochMicros.now() / SECOND * SECOND;
        long history = HISTORY_MINUTES * 60L;
        try {
            var past = new MonitorSimulator.Plan(
                    devices, history, Double.POSITIVE_INFINITY, 60, now - history * SECOND, 1);
            Function<String, Channel> channels = device -> client.channel(credentials.ofDevice(device));
            new MonitorSimulator(channels, past, Duration.ZERO, summary).run();
            consent(RegistryServiceGrpc.newBlockingStub(client.channel(credentials.ofRole("clinical_admin"))));
            var present = new MonitorSimulator.Plan(devices, Long.MAX_VALUE, 1, 1, now, 1);
            new MonitorSimulator(channels, present, Duration.ZERO, summary).run();
        } catch (InterruptedException | ExecutionException _) {
            // The demo is over.
        }
    }

    /** Without it, nobody may look. */
    private void consent(RegistryServiceGrpc.RegistryServiceBlockingStub registry) {
        for (int number = 1; number <= devices; number++) {
            var consent = Consent.newBuilder()
                    .setPatientId(MonitorSimulator.patientId(number))
                    .setGranted(true);
            registry.putConsent(
                    PutConsentRequest.newBuilder().setConsent(consent).build());
        }
    }

    private void print(QueryServiceGrpc.QueryServiceBlockingStub plane, IngestSummary summary) {
        var latest = new Table("PATIENT", "HEART", "SPO2", "RESP", "TEMP", "PRESSURE", "MEASURED");
        var windows = new Table("HEART RATE", "WINDOW", "COUNT", "MEAN", "MIN", "MAX", "SD");
        try {
            for (int number = 1; number <= Math.min(devices, SHOWN_PATIENTS); number++) {
                addLatest(plane, MonitorSimulator.patientId(number), latest);
            }
            addWindows(plane, MonitorSimulator.patientId(1), windows);
        } catch (StatusRuntimeException e) {
            switch (e.getStatus().getCode()) {
                // The first batch is still on its way, and so is consent; and a plane that has just started is slow.
                case PERMISSION_DENIED, DEADLINE_EXCEEDED -> {
                    return;
                }
                default -> throw e;
            }
        }
        if (Progress.isTerminal()) {
            out.print("\033[H\033[2J");
        }
        out.println();
        out.println("pulseplane demo: gRPC on localhost:9000, http://localhost:8080/q/metrics; Ctrl-C ends it");
        out.println();
        latest.print(out);
        out.println();
        windows.print(out);
        out.println();
        out.println(summary.progress());
        out.flush();
    }

    private static void addLatest(QueryServiceGrpc.QueryServiceBlockingStub plane, String patient, Table table) {
        Map<String, Double> values = new HashMap<>();
        long time = 0;
        for (var reading : plane.getLatest(
                        GetLatestRequest.newBuilder().setPatientId(patient).build())
                .getReadingsList()) {
            values.put(reading.getCode(), reading.getValue());
            time = Math.max(time, reading.getTimeUs());
        }
        table.row(
                patient,
                value(values, "8867-4"),
                value(values, "59408-5"),
                value(values, "9279-1"),
                value(values, "8310-5"),
                value(values, "76214-6") + "/" + value(values, "76213-8"),
                Times.format(time));
    }

    private static String value(Map<String, Double> values, String code) {
        var value = values.get(code);
        return value == null ? "-" : decimal(value);
    }

    private static String decimal(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static void addWindows(QueryServiceGrpc.QueryServiceBlockingStub plane, String patient, Table table) {
        long now = EpochMicros.now();
        var windows = plane.aggregate(AggregateRequest.newBuilder()
                .setPatientId(patient)
                .addCodes("8867-4")
                .setFromUs((now / MINUTE - HISTORY_MINUTES) * MINUTE)
                .setToUs(now + MINUTE)
                .setWindowUs(MINUTE)
                .build());
        while (windows.hasNext()) {
            addRows(windows.next(), patient, table);
        }
    }

    private static void addRows(AggregateResponse windows, String patient, Table table) {
        var starts = ColumnMessages.windowStarts(windows);
        for (int i = 0; i < starts.length; i++) {
            table.row(
                    patient,
                    Times.format(starts[i]),
                    windows.getCount(i),
                    decimal(windows.getMean(i)),
                    decimal(windows.getMin(i)),
                    decimal(windows.getMax(i)),
                    decimal(windows.getStandardDeviation(i)));
        }
    }

    private static void delete(Path directory) {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            System.err.println("pulseplane: " + directory + " could not be deleted: " + e.getMessage());
        }
    }
}
