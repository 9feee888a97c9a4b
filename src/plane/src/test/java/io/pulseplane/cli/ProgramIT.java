package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.pulseplane.files.PrivateFiles;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The packaged program, used as the README shows it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProgramIT {

    @TempDir
    static Path files;

    private Program.Plane plane;

    @BeforeAll
    void serve() throws IOException {
        plane = Program.Plane.serve(files.resolve("data"));
    }

    @AfterAll
    void stop() throws Exception {
        plane.close();
    }

    @Test
    void replays_a_recording_twice_and_stores_it_once() throws Exception {
        var recording = files.resolve("recording.csv");
        Files.writeString(recording, """
            measured_at,device_id,patient_id,code,value,unit
            2026-01-01T00:00:00Z,m1,replayed,8867-4,60,/min
            2026-01-01T00:00:00Z,m1,replayed,76214-6,120,mm[Hg]
            2026-01-01T00:00:00Z,m1,replayed,76213-8,130,mm[Hg]
            2026-01-01T00:00:01Z,m1,replayed,8867-4,0,/min
            2026-01-01T00:00:02Z,m1,replayed,8867-4,NaN,/min
            2026-01-01T00:00:03+01:00,m1,replayed,8867-4,61.5,/min

            yesterday,m1,replayed,8867-4,61,/min
            2026-01-01T00:00:04Z,m1,replayed,8867-4,fast,/min
            2026-01-01T00:00:05Z,m1,replayed
            """);
        var first = run("replay", recording.toString(), "--speed", "max");
        assertThat(first.status()).as(first.err()).isEqualTo(3);
        assertThat(count(first.out(), "sent")).isEqualTo(6);
        assertThat(count(first.out(), "accepted")).isEqualTo(2);
        assertThat(count(first.out(), "rejected")).isEqualTo(4);
        assertThat(count(first.out(), "duplicate")).isZero();
        assertThat(first.out())
                .contains("8867-4 implausible")
                .contains("8867-4 not_finite")
                .contains("76213-8 pressures_crossed");
        assertThat(first.err()).contains("3 lines could not be read").contains("line 9, column 1: measured_at");

        var second = run("replay", recording.toString(), "--speed", "1000", "--batch", "1");
        assertThat(count(second.out(), "accepted")).isZero();
        assertThat(count(second.out(), "duplicate")).isEqualTo(2);

        grant("replayed");
        var stats = run("query", "stats", "--patient", "replayed", "--quantile", "0.5");
        assertThat(stats.out()).contains("8867-4").contains("60.75");
    }

    @Test
    void shows_answers_as_tables_and_as_json() throws Exception {
        simulate(1, 60);
        grant("sim-patient-0001");
        var latest = run("query", "latest", "--patient", "sim-patient-0001");
        assertThat(latest.status()).as(latest.err()).isZero();
        assertThat(latest.out()).contains("8867-4").contains("Heart rate").contains("sim-monitor-0001");
        var json = run("query", "latest", "--device", "sim-monitor-0001", "--code", "8867-4", "--json");
        assertThat(json.out().lines()).hasSize(1);
        assertThat(json.out()).startsWith("{\"readings\":[{\"patientId\":\"sim-patient-0001\"");
        var range = run("query", "range", "--patient", "sim-patient-0001", "--limit", "3", "--newest-first");
        assertThat(range.out().lines()).hasSize(4).last().asString().startsWith("more: --page-token ");
        var windows = run("query", "aggregate", "--patient", "sim-patient-0001", "--from", "-2h", "--window", "10s");
        assertThat(windows.out()).contains("WINDOW").contains("8867-4 Heart rate [/min]");
    }

    @Test
    void simulates_at_full_speed_and_prints_a_summary() throws Exception {
        var run = simulate(3, 500);
        assertThat(run.status()).as(run.err()).isZero();
        long sent = count(run.out(), "sent");
        assertThat(sent).isBetween(11_000L, 12_000L);
        assertThat(count(run.out(), "accepted") + count(run.out(), "rejected") + count(run.out(), "duplicate"))
                .isEqualTo(sent);
        assertThat(run.out()).contains("acknowledged in p50");
    }

    @Test
    void erases_a_patient_for_a_reason_that_the_trail_keeps() throws Exception {
        var recording = files.resolve("to-be-erased.csv");
        Files.writeString(recording, """
            measured_at,device_id,patient_id,code,value,unit
            2026-01-01T00:00:00Z,m-of-grace,grace,8867-4,60,/min
            """);
        assertThat(run("replay", recording.toString(), "--speed", "max").status())
                .isZero();
        grant("grace");
        assertThat(run("query", "latest", "--patient", "grace").out()).contains("8867-4");
        assertThat(run("erase", "--patient", "grace").status()).isEqualTo(2);

        var erased = run("erase", "--patient", "grace", "--reason", "asked for in writing");
        assertThat(erased.status()).as(erased.err()).isZero();
        assertThat(erased.out()).startsWith("grace: erased ");
        assertThat(run("query", "latest", "--patient", "grace").err()).contains("no_consent");
        assertThat(run("audit", "list", "--json", "--action", "erase").out()).contains("asked for in writing");
        assertThat(run("erase", "--patient", "nobody", "--reason", "a slip").err())
                .contains("NOT_FOUND");
    }

    private void grant(String patient) throws Exception {
        var run = run("consent", "grant", "--patient", patient);
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).contains(patient + ": consent granted");
    }

    @Test
    void keeps_consent_and_a_trail_that_can_be_listed_and_verified() throws Exception {
        simulate(2, 10);
        var patient = "sim-patient-0002";
        assertThat(run("query", "latest", "--patient", patient).err()).contains("no_consent");
        grant(patient);
        assertThat(run("query", "latest", "--patient", patient).status()).isZero();
        assertThat(run("consent", "withdraw", "--patient", patient).out()).contains("consent withdrawn");
        assertThat(run("query", "latest", "--patient", patient).status()).isEqualTo(1);
        var history = run("consent", "show", "--patient", patient);
        assertThat(history.out().lines().skip(1)).hasSize(2).first().asString().contains("withdrawn");

        var list = run("audit", "list", "--patient", patient, "--action", "query");
        assertThat(list.out().lines()).hasSize(3);
        assertThat(run("audit", "list", "--patient", patient, "--refused").out().lines())
                .hasSize(2);
        var json = run("audit", "list", "--patient", patient, "--refused", "--limit", "1", "--newest-first", "--json");
        assertThat(json.out()).contains("\"decision\":\"DECISION_REFUSED\"").contains("\"reason\":\"no_consent\"");

        var directory = plane.directory().toString();
        var intact = Program.run("audit", "verify", "--data-dir", directory);
        assertThat(intact.status()).as(intact.err()).isZero();
        assertThat(intact.out()).startsWith("intact: ");
        var copy = files.resolve("tampered");
        copy(plane.directory().resolve("audit"), copy);
        var segment = copy.resolve("audit-00000000000000000001.log");
        var trail = Files.readString(segment);
        assertThat(trail).as("the trail names no patient").doesNotContain(patient);
        Files.writeString(segment, trail.replaceFirst("no_consent", "own_record"));
        var broken = Program.run("audit", "verify", "--directory", copy.toString());
        assertThat(broken.status()).isEqualTo(1);
        assertThat(broken.err()).contains("altered: audit-00000000000000000001.log, line ");
    }

    @Test
    void inspects_and_verifies_the_store_beside_the_plane_and_refuses_to_compact_it() throws Exception {
        simulate(2, 10);
        var directory = plane.directory().toString();
        var inspected = Program.run("store", "inspect", "--data-dir", directory);
        assertThat(inspected.status()).as(inspected.err()).isZero();
        assertThat(inspected.out()).contains("bytes per reading");
        var verified = Program.run("store", "verify", "--data-dir", directory);
        assertThat(verified.status()).as(verified.err()).isZero();
        assertThat(verified.out()).startsWith("intact: ");
        var compacted = Program.run("store", "compact", "--data-dir", directory);
        assertThat(compacted.status()).isEqualTo(1);
        assertThat(compacted.err()).contains("another plane has the data directory open");
    }

    private static void copy(Path from, Path to) throws IOException {
        PrivateFiles.createDirectories(to);
        try (var files = Files.list(from)) {
            for (var file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void sends_the_given_token_and_reports_when_there_is_none() throws Exception {
        var none =
                Program.run("query", "latest", "--patient", "x", "--target", plane.target(), "--data-dir", "nowhere");
        assertThat(none.status()).isEqualTo(1);
        assertThat(none.err()).contains("UNAUTHENTICATED: a bearer token is required");
        var device = Program.run("simulate", "--devices", "2", "--target", plane.target(), "--data-dir", "nowhere");
        assertThat(device.status()).isEqualTo(1);
        assertThat(device.err())
                .contains("UNAUTHENTICATED: a bearer token is required")
                .doesNotContain("\tat ");
        var lost = Program.run("query", "latest", "--patient", "x", "--token-file", "nowhere");
        assertThat(lost.status()).isEqualTo(1);
        assertThat(lost.err()).contains("the token cannot be read from nowhere").doesNotContain("\tat ");
        var directory = plane.directory().toString();
        var token = Program.run("token", "--role", "auditor", "--subject", "inspector", "--data-dir", directory);
        var given = Program.run(
                "audit",
                "list",
                "--limit",
                "1",
                "--target",
                plane.target(),
                "--token",
                token.out().strip());
        assertThat(given.status()).as(given.err()).isZero();
        assertThat(run("audit", "list", "--subject", "inspector").out().lines()).hasSize(1);
        var file = Files.writeString(files.resolve("token"), token.out());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        var refused = Program.run(
                "query", "latest", "--patient", "x", "--target", plane.target(), "--token-file", file.toString());
        assertThat(refused.err()).contains("PERMISSION_DENIED: not permitted: role");
    }

    private Program.Run simulate(int devices, int seconds) throws Exception {
        return run(
                "simulate",
                "--devices",
                Integer.toString(devices),
                "--rate",
                "max",
                "--readings",
                Integer.toString(devices * seconds * 8));
    }

    @Test
    void ends_with_1_when_the_plane_refuses() throws Exception {
        var unknown = run("query", "latest", "--patient", "nobody");
        assertThat(unknown.status()).isEqualTo(1);
        assertThat(unknown.err()).contains("PERMISSION_DENIED: not permitted: no_consent");
        assertThat(unknown.out()).isEmpty();
        run("simulate", "--devices", "1", "--readings", "8", "--rate", "max");
        grant("sim-patient-0001");
        var invalid = run("query", "aggregate", "--patient", "sim-patient-0001", "--window", "1ms");
        assertThat(invalid.status()).isEqualTo(1);
        assertThat(invalid.err()).contains("window_us must be from");
    }

    @Test
    void ends_with_5_when_there_is_no_plane() throws Exception {
        try (var dead = Program.unansweredPort()) {
            var run = Program.run("query", "latest", "--patient", "x", "--target", "127.0.0.1:" + dead.getLocalPort());
            assertThat(run.status()).isEqualTo(5);
            assertThat(run.err()).contains("no plane answers");
        }
    }

    @Test
    void ends_with_2_when_it_is_used_wrongly() throws Exception {
        assertThat(Program.run("query", "latest").status()).isEqualTo(2);
        assertThat(Program.run("fly").status()).isEqualTo(2);
        assertThat(Program.run("replay", "nowhere.csv").status()).isEqualTo(2);
        assertThat(Program.run("simulate", "--devices", "0").status()).isEqualTo(2);
        var headless = Files.writeString(files.resolve("headless.csv"), "a,b\n1,2\n");
        var run = run("replay", headless.toString());
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("the header does not name measured_at");
    }

    @Test
    void shows_a_demo_and_leaves_nothing_behind() throws Exception {
        var run = Program.run(
                Stream.concat(Program.ANY_PORTS.stream(), Stream.of("java.io.tmpdir=" + files))
                        .toList(),
                "demo",
                "--seconds",
                "4");
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("sim-patient-0001")
                .contains("HEART RATE")
                .contains("accepted")
                .containsPattern("gRPC on localhost:[1-9]\\d*, http://localhost:[1-9]\\d*/q/metrics")
                .doesNotContain("localhost:9000")
                .doesNotContain("localhost:8080");
        try (var remaining = Files.list(files)) {
            assertThat(remaining.map(path -> path.getFileName().toString()))
                    .noneMatch(name -> name.startsWith("pulseplane-demo"));
        }
    }

    @Test
    void reports_in_one_line_why_it_cannot_start() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var run = Program.run(
                    List.of("quarkus.grpc.server.port=" + taken.getLocalPort(), "quarkus.http.port=0"),
                    "serve",
                    "--data-dir",
                    files.resolve("other").toString());
            assertThat(run.status()).isEqualTo(1);
            assertThat(run.err()).contains("gRPC cannot listen on 127.0.0.1:" + taken.getLocalPort());
            assertThat(run.out() + run.err()).doesNotContain("\tat ");
        }
        var second = Program.run(
                Program.ANY_PORTS, "serve", "--data-dir", files.resolve("data").toString());
        assertThat(second.status()).isEqualTo(1);
        assertThat(second.err()).contains("another plane has the data directory open");
    }

    /** Sends SIGTERM while a device streams: the plane acknowledges what it has received, and ends with status 0. */
    @Test
    void drains_and_ends_with_0_on_sigterm() throws Exception {
        try (var stopping = Program.Plane.serve(files.resolve("stopping"))) {
            var channel = stopping.channel();
            var responses = new CopyOnWriteArrayList<StreamReadingsResponse>();
            var requests = IngestServiceGrpc.newStub(stopping.asDevice(channel, "m"))
                    .streamReadings(new StreamObserver<>() {
                        @Override
                        public void onNext(StreamReadingsResponse response) {
                            responses.add(response);
                        }

                        @Override
                        public void onError(Throwable failure) {
                            // The plane ends the stream as it stops.
                        }

                        @Override
                        public void onCompleted() {
                            // With or without an error.
                        }
                    });
            for (int i = 1; i <= 50; i++) {
                requests.onNext(request(i));
            }
            Awaitility.await().until(() -> responses.size() == 50);
            assertThat(stopping.stop()).as(stopping.log()).isZero();
            assertThat(stopping.log()).contains("Everything that was taken is durable");
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    @Test
    void writes_its_log_as_json_where_configured() throws Exception {
        try (var json = Program.Plane.serve(files.resolve("json"), "quarkus.log.console.json.enabled=true")) {
            assertThat(json.log().lines()).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
        }
    }

    private static StreamReadingsRequest request(long sequence) {
        return StreamReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId("m")
                        .setPatientId("p")
                        .setSequence(sequence)
                        .addColumns(Columns.newBuilder()
                                .setCode("8867-4")
                                .setUnit("/min")
                                .setStartUs(1_763_000_000_000_000L + sequence)
                                .addTimeDeltaUs(0)
                                .addValues(60)))
                .build();
    }

    private Program.Run run(String... arguments) throws Exception {
        var allArguments = new ArrayList<>(List.of(arguments));
        allArguments.addAll(List.of(
                "--target", plane.target(), "--data-dir", plane.directory().toString()));
        return Program.run(allArguments.toArray(String[]::new));
    }

    private static long count(String out, String label) {
        return out.lines()
                .filter(line -> line.startsWith(label + " "))
                .mapToLong(line ->
                        Long.parseLong(line.substring(label.length()).strip().replace(",", "")))
                .findFirst()
                .orElseThrow(() -> new AssertionError(label + " is not in\n" + out));
    }
}
