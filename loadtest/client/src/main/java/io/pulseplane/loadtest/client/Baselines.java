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

/** What others take in the same run: the least that HTTP/2 costs, and gRPC with nothing behind it. */
final class Baselines {

    /** What can be measured beside the plane. */
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

    private final Harness bench;
    private final List<String> pin;
    private final Report report;
    private final Map<String, Harness.PeakThroughputs> peaks = new LinkedHashMap<>();
    private double http2 = Double.NaN;

    Baselines(Harness bench, List<String> pin, Report report) {
        this.bench = bench;
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
            var program = bench.outputDirectory().resolve("echo-go").toAbsolutePath();
            Machine.outputOf(List.of("go", "build", "-C", GO_ECHO.toString(), "-o", program.toString(), "."));
            // One scheduler thread, as it has one core.
            measureEcho(GRPC_GO, List.of("env", "GOMAXPROCS=1", program.toString()));
        } else {
            report.note("grpc-go was not measured: go is not installed");
        }
    }

    private void measureEcho(String name, List<String> command) throws IOException, InterruptedException {
        try (var server =
                ServerProcess.start(bench.outputDirectory().resolve("echo.log"), pin, command, ECHO_LISTENS)) {
            var measured = bench.measurePeaks(name, server, Optional.of(token()), 1);
            System.out.printf("  %s: %s%n", name, measured);
            peaks.put(name, measured);
        }
    }

    /** As long as what the plane is shown: h2load packs it anew for every call, and every server has to unpack it. */
    private String token() throws IOException {
        return new Tokens(Files.createDirectories(bench.outputDirectory().resolve("echo-key")))
                .ofRole("authorized_medical_staff");
    }

    private double measureHttp2() throws IOException, InterruptedException {
        if (Machine.firstLineOf("nghttpd", "--version").isEmpty() || !H2load.isInstalled()) {
            report.note("The limit of HTTP/2 itself was not measured: " + (H2load.isInstalled() ? "nghttpd" : "h2load")
                    + " is not installed");
            return Double.NaN;
        }
        var pages = Files.createDirectories(bench.outputDirectory().resolve("pages"));
        Files.writeString(pages.resolve("page"), "x".repeat(40));
        int port = ServerProcess.freePort();
        // Not -v: it would write a line for every frame, which takes longer than to answer.
        var command = List.of("nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", pages.toString(), "" + port);
        try (var server = ServerProcess.startAt(port, bench.outputDirectory().resolve("nghttpd.log"), pin, command)) {
            return new H2load(bench.outputDirectory())
                    .pagesPerSecond(server.port(), "/page", bench.rampUp(), bench.measurement());
        }
    }

    /** The peaks of all, the plane's own last, and what they are to each other. */
    void writeTable(Map<String, Harness.PeakThroughputs> planes) {
        var all = new LinkedHashMap<>(peaks);
        all.putAll(planes);
        var rows = report.table(
                "What it takes at most",
                "Answers a second with one core for the server, and microseconds of its processor time for each, which on"
                        + " a machine that does other things too is the figure to look at. *Own client* makes and reads"
                        + " real messages and takes more time for them than a server does. Every server, but for nghttpd, is shown"
                        + " a token as long as the plane's, which h2load sends anew with every call.",
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
            all.putFirst(
                    "HTTP/2 alone, nghttpd",
                    new Harness.PeakThroughputs(
                            new Harness.PeakThroughput(http2, Double.NaN),
                            Harness.PeakThroughput.UNKNOWN,
                            Harness.PeakThroughput.UNKNOWN));
        }
        var echo = peaks.getOrDefault(QUARKUS, Harness.PeakThroughputs.UNKNOWN);
        all.forEach((name, peak) -> rows.add(List.of(
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
