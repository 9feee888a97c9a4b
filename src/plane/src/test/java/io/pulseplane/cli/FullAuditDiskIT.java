package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fills the disk of the audit trail while the plane answers queries. */
class FullAuditDiskIT {

    /** SQLite unpacks a library of 1.1 MiB when it starts. */
    private static final int DISK_KIB = 1_200;

    /** More queries than fit: each takes about 400 bytes for its record and for the line that chains it. */
    private static final int MAX_QUERIES = 20_000;

    @TempDir
    Path directory;

    @Test
    void the_plane_refuses_calls_until_the_disk_has_room_and_the_trail_stays_intact() throws Exception {
        long answered;
        try (var plane = Program.Plane.serveOnSmallDisk(directory, DISK_KIB)) {
            var connection = plane.channel();
            var staff = plane.as(connection, "authorized_medical_staff");
            answered = queryUntil(staff, Status.Code.UNAVAILABLE);
            assertThat(answered).isBetween(100L, MAX_QUERIES - 1L);
            for (int i = 0; i < 20; i++) {
                assertThat(query(staff)).isEqualTo(Status.Code.UNAVAILABLE);
            }
            assertThat(readinessStatus(plane)).isEqualTo(503);
            connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        try (var plane = Program.Plane.serve(directory)) {
            var connection = plane.channel();
            assertThat(query(plane.as(connection, "authorized_medical_staff")))
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(readinessStatus(plane)).isEqualTo(200);
            connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        var verification = Program.run("audit", "verify", "--data-dir", directory.toString());
        assertThat(verification.status()).as(verification.err()).isZero();
        try (var files = Files.list(directory.resolve("audit"))) {
            long recorded = files.filter(file -> file.toString().endsWith(".log"))
                    .mapToLong(FullAuditDiskIT::refusals)
                    .sum();
            assertThat(recorded).as("every answered query has a record").isEqualTo(answered + 1);
        }
    }

    private static long refusals(Path segment) {
        try (var lines = Files.lines(segment)) {
            return lines.filter(line -> line.contains("\"reason\":\"no_consent\""))
                    .count();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Queries until one ends with this status; returns how many the policy answered before, each with a record. */
    private static long queryUntil(Channel channel, Status.Code code) {
        for (int i = 0; i < MAX_QUERIES; i++) {
            if (query(channel) == code) {
                return i;
            }
        }
        return MAX_QUERIES;
    }

    private static Status.Code query(Channel channel) {
        try {
            QueryServiceGrpc.newBlockingStub(channel)
                    .getLatest(GetLatestRequest.newBuilder().setPatientId("ada").build());
            return Status.Code.OK;
        } catch (StatusRuntimeException refusal) {
            return refusal.getStatus().getCode();
        }
    }

    private static int readinessStatus(Program.Plane plane) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://localhost:" + plane.httpPort() + "/q/health/ready"))
                    .build();
            return client.send(request, BodyHandlers.discarding()).statusCode();
        }
    }
}
