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

/** The disk of the audit trail fills up while the plane answers. */
class FullAuditDiskIT {

    /** SQLite unpacks a library of 1.1 MiB when it starts. */
    private static final int DISK_KIB = 1_200;

    /** More than fit, each with a line of some 400 bytes and one that chains it. */
    private static final int MANY = 20_000;

    @TempDir
    Path directory;

    @Test
    void nobody_is_let_in_until_there_is_room_and_the_trail_is_intact() throws Exception {
        long answered;
        try (var plane = Program.Plane.serveOnSmallDisk(directory, DISK_KIB)) {
            var connection = plane.channel();
            var staff = plane.as(connection, "authorized_medical_staff");
            answered = askUntilRefusedBy(staff, Status.Code.UNAVAILABLE);
            assertThat(answered).isBetween(100L, MANY - 1L);
            for (int i = 0; i < 20; i++) {
                assertThat(ask(staff)).isEqualTo(Status.Code.UNAVAILABLE);
            }
            assertThat(ready(plane)).isEqualTo(503);
            connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        try (var plane = Program.Plane.serve(directory)) {
            var connection = plane.channel();
            assertThat(ask(plane.as(connection, "authorized_medical_staff"))).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(ready(plane)).isEqualTo(200);
            connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        var verified = Program.run("audit", "verify", "--data-dir", directory.toString());
        assertThat(verified.status()).as(verified.err()).isZero();
        try (var files = Files.list(directory.resolve("audit"))) {
            long recorded = files.filter(file -> file.toString().endsWith(".log"))
                    .mapToLong(FullAuditDiskIT::refusals)
                    .sum();
            assertThat(recorded).as("whoever was answered is in it").isEqualTo(answered + 1);
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

    /** How many were answered by the policy, each with a record, before the trail was full. */
    private static long askUntilRefusedBy(Channel channel, Status.Code code) {
        for (int i = 0; i < MANY; i++) {
            if (ask(channel) == code) {
                return i;
            }
        }
        return MANY;
    }

    private static Status.Code ask(Channel channel) {
        try {
            QueryServiceGrpc.newBlockingStub(channel)
                    .getLatest(GetLatestRequest.newBuilder().setPatientId("ada").build());
            return Status.Code.OK;
        } catch (StatusRuntimeException refusal) {
            return refusal.getStatus().getCode();
        }
    }

    private static int ready(Program.Plane plane) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://localhost:" + plane.httpPort() + "/q/health/ready"))
                    .build();
            return client.send(request, BodyHandlers.discarding()).statusCode();
        }
    }
}
