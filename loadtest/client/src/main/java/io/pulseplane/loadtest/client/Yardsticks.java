package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What others take in the same run: the least that HTTP/2 costs, and gRPC with nothing behind it. */
final class Yardsticks {

    static final String GRPC_JAVA = "echo, grpc-java on Netty";
    static final String QUARKUS = "echo, grpc-java in Vert.x, as Quarkus has it";
    static final String VERTX = "echo, Vert.x' own";
    static final String GRPC_GO = "echo, grpc-go";

    private static final Pattern ECHO_LISTENS = Pattern.compile("echo listens on (\\d+)");
    private static final Path GO_ECHO = Path.of("loadtest", "echo-go");

    private final Bench bench;
    private final List<String> pin;
    private final Report report;
    private final Map<String, Bench.Peaks> peaks = new LinkedHashMap<>();
    private double http2 = Double.NaN;

    Yardsticks(Bench bench, List<String> pin, Report report) {
        this.bench = bench;
        this.pin = pin;
        this.report = report;
    }

    void measure(List<String> jvm) throws IOException, InterruptedException {
        http2 = http2();
        for (var kind : EchoServer.Kind.values()) {
            var name =
                    switch (kind) {
                        case NETTY -> GRPC_JAVA;
                        case QUARKUS -> QUARKUS;
                        case VERTX -> VERTX;
                    };
            var command = new ArrayList<>(jvm);
            command.addAll(
                    List.of("-cp", System.getProperty("java.class.path"), EchoServer.class.getName(), kind.name()));
            echo(name, command);
        }
        if (Machine.firstLineOf("go", "version").isPresent()) {
            var program = bench.out().resolve("echo-go").toAbsolutePath();
            Machine.outputOf(List.of("go", "build", "-C", GO_ECHO.toString(), "-o", program.toString(), "."));
            // One scheduler thread, as it has one core.
            echo(GRPC_GO, List.of("env", "GOMAXPROCS=1", program.toString()));
        } else {
            report.note("grpc-go was not measured: go is not installed");
        }
    }

    private void echo(String name, List<String> command) throws IOException, InterruptedException {
        try (var server = Server.start(bench.out().resolve("echo.log"), pin, command, ECHO_LISTENS)) {
            var measured = bench.peaks(server.port(), Optional.empty(), 1);
            System.out.printf("  %s: %s%n", name, measured);
            peaks.put(name, measured);
        }
    }

    private double http2() throws IOException, InterruptedException {
        if (Machine.firstLineOf("nghttpd", "--version").isEmpty() || !H2load.isInstalled()) {
            report.note("The limit of HTTP/2 itself was not measured: nghttpd or h2load are not installed");
            return Double.NaN;
        }
        var pages = Files.createDirectories(bench.out().resolve("pages"));
        Files.writeString(pages.resolve("page"), "x".repeat(40));
        int port = 18_443;
        var command = List.of("nghttpd", "--no-tls", "-a", "127.0.0.1", "-v", "-d", pages.toString(), "" + port);
        var listening = Pattern.compile("listen [^\\n]*:(\\d+)");
        try (var server = Server.start(bench.out().resolve("nghttpd.log"), pin, command, listening)) {
            return new H2load(bench.out()).get(server.port(), "/page", bench.measured());
        }
    }

    /** The peaks of all, the plane's own last, and what they are to each other. */
    void tell(Map<String, Bench.Peaks> planes) {
        var all = new LinkedHashMap<>(peaks);
        all.putAll(planes);
        var rows = report.table(
                "What it takes at most",
                "Answers a second with one core for the server. *Own client* makes and reads real messages and takes more"
                        + " time for them than a server does, so it often measures itself; h2load does not.",
                "server",
                "unary, h2load",
                "of echo",
                "of HTTP/2",
                "unary, own client",
                "of echo",
                "streamed, own client",
                "of echo");
        if (!Double.isNaN(http2)) {
            rows.add(List.of(
                    "HTTP/2 alone, nghttpd", http2, Double.NaN, 1.0, Double.NaN, Double.NaN, Double.NaN, Double.NaN));
        }
        var echo = peaks.getOrDefault(QUARKUS, new Bench.Peaks(Double.NaN, Double.NaN, Double.NaN));
        all.forEach((name, peak) -> rows.add(List.of(
                name,
                peak.h2load(),
                peak.h2load() / echo.h2load(),
                peak.h2load() / http2,
                peak.unary(),
                peak.unary() / echo.unary(),
                peak.stream(),
                peak.stream() / echo.stream())));
    }
}
