package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Measures servers to compare the plane with: HTTP/2 alone, and gRPC servers that only answer. */
final class Baselines {

    /** The servers that can be measured. */
    enum Kind {
        NGHTTPD,
        NETTY,
        QUARKUS,
        VERTX,
        GO
    }

    static final String GRPC_JAVA = "echo, grpc-java on Netty";
    static final String QUARKUS = "echo, grpc-java in Vert.x, as Quarkus has it";
    static final String VERTX = "echo, Vert.x' own";
    static final String GRPC_GO = "echo, grpc-go";

    private static final Pattern ECHO_LISTENS = Pattern.compile("echo listens on (\\d+)");
    private static final Path GO_ECHO = Path.of("loadtest", "echo-go");

    private final Harness harness;
    private final List<String> pin;
    private final Report report;
    private final Map<String, Harness.PeakThroughputs> peaks = new LinkedHashMap<>();
    private double http2 = Double.NaN;

    Baselines(Harness harness, List<String> pin, Report report) {
        this.harness = harness;
        this.pin = pin;
        this.report = report;
    }

    void measure(Set<Kind> kinds, List<String> jvm) throws IOException, InterruptedException {
        if (kinds.contains(Kind.NGHTTPD)) {
            http2 = measureHttp2();
        }
        for (var kind : EchoServer.Kind.values()) {
            if (!kinds.contains(Kind.valueOf(kind.name()))) {
                continue;
            }
            var name =
                    switch (kind) {
                        case NETTY -> GRPC_JAVA;
                        case QUARKUS -> QUARKUS;
                        case VERTX -> VERTX;
                    };
            var command = new ArrayList<>(jvm);
            command.addAll(
                    List.of("-cp", System.getProperty("java.class.path"), EchoServer.class.getName(), kind.name()));
            measureEcho(name, command);
        }
        if (!kinds.contains(Kind.GO)) {
            return;
        }
        if (Machine.firstLineOf("go", "version").isPresent()) {
            var program = harness.outputDirectory().resolve("echo-go").toAbsolutePath();
            Machine.outputOf(List.of("go", "build", "-C", GO_ECHO.toString(), "-o", program.toString(), "."));
            // One scheduler thread, because the server has one core.
            measureEcho(GRPC_GO, List.of("env", "GOMAXPROCS=1", program.toString()));
        } else {
            report.note("grpc-go was not measured: go is not installed");
        }
    }

    private void measureEcho(String name, List<String> command) throws IOException, InterruptedException {
        try (var server =
                ServerProcess.start(harness.outputDirectory().resolve("echo.log"), pin, command, ECHO_LISTENS)) {
            var peak = harness.measurePeaks(name, server, Optional.of(token()), 1);
            System.out.printf("  %s: %s%n", name, peak);
            peaks.put(name, peak);
        }
    }

    /** A token as long as those for the plane: h2load encodes it for every call, and every server has to decode it. */
    private String token() throws IOException {
        return new Tokens(Files.createDirectories(harness.outputDirectory().resolve("echo-key")))
                .ofRole("authorized_medical_staff");
    }

    private double measureHttp2() throws IOException, InterruptedException {
        if (Machine.firstLineOf("nghttpd", "--version").isEmpty() || !H2load.isInstalled()) {
            report.note("The limit of HTTP/2 itself was not measured: " + (H2load.isInstalled() ? "nghttpd" : "h2load")
                    + " is not installed");
            return Double.NaN;
        }
        var pages = Files.createDirectories(harness.outputDirectory().resolve("pages"));
        Files.writeString(pages.resolve("page"), "x".repeat(40));
        int port = ServerProcess.freePort();
        // Without -v, which writes a line for every frame and takes longer than the answer.
        var command = List.of("nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", pages.toString(), "" + port);
        try (var server = ServerProcess.startAt(port, harness.outputDirectory().resolve("nghttpd.log"), pin, command)) {
            return new H2load(harness.outputDirectory())
                    .pagesPerSecond(server.port(), "/page", harness.rampUp(), harness.measurement());
        }
    }

    /** Reports the peaks of all servers and their ratios, those of the plane last. */
    void writeTable(Map<String, Harness.PeakThroughputs> planePeaks) {
        var allPeaks = new LinkedHashMap<>(peaks);
        allPeaks.putAll(planePeaks);
        var rows = report.table(
                "What it takes at most",
                "Answers a second with one core for the server, and microseconds of its processor time for each answer."
                        + " On a machine that does other work as well, compare the processor time. *Own client* encodes"
                        + " and decodes real messages, which takes it more time than it takes a server. Every server"
                        + " except nghttpd gets a token as long as the plane's, which h2load sends with every call.",
                "server",
                "unary/s, h2load",
                "of HTTP/2",
                "of echo",
                "us each",
                "unary/s, own client",
                "of echo",
                "us each",
                "streamed/s",
                "of echo",
                "us each");
        if (!Double.isNaN(http2)) {
            allPeaks.putFirst(
                    "HTTP/2 alone, nghttpd",
                    new Harness.PeakThroughputs(
                            new Harness.PeakThroughput(http2, Double.NaN),
                            Harness.PeakThroughput.UNKNOWN,
                            Harness.PeakThroughput.UNKNOWN));
        }
        var echo = peaks.getOrDefault(QUARKUS, Harness.PeakThroughputs.UNKNOWN);
        allPeaks.forEach((name, peak) -> rows.add(List.of(
                name,
                peak.h2load().perSecond(),
                peak.h2load().perSecond() / http2,
                peak.h2load().perSecond() / echo.h2load().perSecond(),
                peak.h2load().cpuMicrosPerAnswer(),
                peak.unary().perSecond(),
                peak.unary().perSecond() / echo.unary().perSecond(),
                peak.unary().cpuMicrosPerAnswer(),
                peak.stream().perSecond(),
                peak.stream().perSecond() / echo.stream().perSecond(),
                peak.stream().cpuMicrosPerAnswer())));
    }
}
