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
import io.pulseplane.v1.AssignDeviceRequest;
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

/** Runs a plane in a fresh directory, streams simulated monitors into it, and shows the plane's answers. */
@Command(
        name = "demo",
        description = {
            "Run a plane in a fresh directory with simulated monitors, and show its answers until Ctrl-C.",
            "",
            "The plane works like any other while it runs: query it with the query and watch commands."
        })
final class DemoCommand implements Callable<Integer> {

    private static final long SECOND = 1_000_000L;
    private static final long MINUTE = 60 * SECOND;

    /** One minute of history for each window in the table, so that the table is full from the start. */
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
            description = "Number of monitors. Default: ${DEFAULT-VALUE}")
    private int devices;

    private PrintWriter out;
    private CredentialOptions credentials;

    @Override
    public Integer call() throws IOException {
        if (devices < 1 || devices > 1_000 || (seconds != null && seconds < 1)) {
            throw new ParameterException(
                    spec.commandLine(), "--devices must be from 1 to 1,000, --seconds must be 1 or more");
        }
        out = spec.commandLine().getOut();
        var directory = Files.createTempDirectory("pulseplane-demo-");
        System.setProperty("pulseplane.data-dir", directory.toString());
        // Log lines of the plane would break up the table.
        System.setProperty("quarkus.log.level", "WARN");
        credentials = CredentialOptions.local(directory);
        return new PlaneProcess(() -> delete(directory)).runAlongside(this::show);
    }

    /** Runs beside the plane, which stops when this method returns. */
    private void show(PlaneProcess.Ports ports) {
        var client = client(ports.grpc());
        var summary = new IngestSummary();
        var monitors = Thread.ofVirtual().unstarted(() -> stream(client, summary));
        try {
            monitors.start();
            long start = System.nanoTime();
            long end = seconds == null ? Long.MAX_VALUE : start + TimeUnit.SECONDS.toNanos(seconds);
            while (System.nanoTime() < end && monitors.isAlive()) {
                TimeUnit.SECONDS.sleep(1);
                print(
                        QueryServiceGrpc.newBlockingStub(client.channel(credentials.ofRole(QueryPrinter.READER_ROLE))),
                        ports,
                        summary);
            }
        } catch (InterruptedException _) {
            // The plane is stopping.
        } catch (RuntimeException e) {
            CommandExceptionHandler.print(e, spec.commandLine().getErr());
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
            admitPatients(RegistryServiceGrpc.newBlockingStub(client.channel(credentials.ofRole("clinical_admin"))));
            var present = new MonitorSimulator.Plan(devices, Long.MAX_VALUE, 1, 1, now, 1);
            new MonitorSimulator(channels, present, Duration.ZERO, summary).run();
        } catch (InterruptedException | ExecutionException _) {
            // The demo is over.
        } catch (RuntimeException e) {
            CommandExceptionHandler.print(e, spec.commandLine().getErr());
        }
    }

    /**
     * Puts each monitor on its patient, so that queries of the patient find its readings, and grants consent, without
     * which the plane refuses the demo's queries.
     */
    private void admitPatients(RegistryServiceGrpc.RegistryServiceBlockingStub registry) {
        for (int number = 1; number <= devices; number++) {
            var consent = Consent.newBuilder()
                    .setPatientId(MonitorSimulator.patientId(number))
                    .setGranted(true);
            registry.assignDevice(AssignDeviceRequest.newBuilder()
                    .setDeviceId(MonitorSimulator.deviceId(number))
                    .setPatientId(MonitorSimulator.patientId(number))
                    .build());
            registry.putConsent(
                    PutConsentRequest.newBuilder().setConsent(consent).build());
        }
    }

    private void print(
            QueryServiceGrpc.QueryServiceBlockingStub plane, PlaneProcess.Ports ports, IngestSummary summary) {
        var latest = new Table("PATIENT", "HEART", "SPO2", "RESP", "TEMP", "PRESSURE", "MEASURED");
        var windows = new Table("HEART RATE", "WINDOW", "COUNT", "MEAN", "MIN", "MAX", "SD");
        try {
            for (int number = 1; number <= Math.min(devices, SHOWN_PATIENTS); number++) {
                addLatest(plane, MonitorSimulator.patientId(number), latest);
            }
            addWindows(plane, MonitorSimulator.patientId(1), windows);
        } catch (StatusRuntimeException e) {
            switch (e.getStatus().getCode()) {
                // Consent is not granted yet, or the plane has just started and is still slow.
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
        out.println("pulseplane demo: gRPC on localhost:" + ports.grpc() + metricsAddress(ports) + "; Ctrl-C ends it");
        out.println();
        latest.print(out);
        out.println();
        windows.print(out);
        out.println();
        out.println(summary.progress());
        out.flush();
    }

    private static String metricsAddress(PlaneProcess.Ports ports) {
        return ports.http().isPresent() ? ", http://localhost:" + ports.http().getAsInt() + "/q/metrics" : "";
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
            System.err.println("pulseplane: the directory " + directory + " could not be deleted: " + e.getMessage());
        }
    }
}
