package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.vitals.EpochMicros;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts the packaged program under a clock that differs from what the plane saw before. */
class ClockIT {

    private static final String PATIENT = "ada";
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    /** Lets the plane find the time of an earlier run that ended so long ago; negative if it is still to come. */
    private void earlierRunEnded(Duration ago) throws IOException {
        Files.writeString(directory.resolve("clock"), Long.toString(EpochMicros.now() - micros(ago)));
    }

    private static long micros(Duration duration) {
        return TimeUnit.MICROSECONDS.convert(duration);
    }

    @Test
    void keeps_old_readings_after_a_leap_of_the_clock_until_an_operator_confirms_it() throws Exception {
        earlierRunEnded(Duration.ofDays(400));
        try (var plane = Program.Plane.serve(
                directory,
                "pulseplane.store.retention=90d",
                "pulseplane.store.compact-after=50ms",
                "pulseplane.store.compact-after-bytes=1K")) {
            var channel = plane.channel();
            try {
                put(plane, channel, 1, EpochMicros.now() - micros(Duration.ofDays(300)));
                assertThat(plane.log()).contains("The clock leapt forward");
                // A newer reading that is in a chunk shows that maintenance has come by since.
                put(plane, channel, 2, EpochMicros.now());
                Awaitility.await().atMost(TIMEOUT).until(() -> journalBatches() == 0);
                assertThat(readings(plane, channel)).isEqualTo(2);
                assertThat(ready(plane)).contains("\"doubt\": \"ahead\"");

                var confirmation = Program.run("clock", "confirm", "--data-dir", directory.toString());
                assertThat(confirmation.status()).as(confirmation.err()).isZero();
                Awaitility.await().atMost(TIMEOUT).until(() -> readings(plane, channel) == 1);
                assertThat(ready(plane)).doesNotContain("doubt");
            } finally {
                channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void takes_nothing_of_a_batch_from_the_future_while_its_clock_is_behind() throws Exception {
        earlierRunEnded(Duration.ofSeconds(-60));
        try (var plane = Program.Plane.serve(directory, "pulseplane.clock.sync-wait=0s")) {
            var channel = plane.channel();
            try {
                long future = EpochMicros.now() + micros(Duration.ofMinutes(20));
                assertThatThrownBy(() -> put(plane, channel, 1, future))
                        .isInstanceOfSatisfying(
                                StatusRuntimeException.class,
                                e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
                assertThat(ready(plane)).contains("\"doubt\": \"behind\"");

                Program.run("clock", "confirm", "--data-dir", directory.toString());
                Awaitility.await().atMost(TIMEOUT).until(() -> !ready(plane).contains("doubt"));
                assertThat(put(plane, channel, 1, future).getRejectionsList()).hasSize(1);
            } finally {
                channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
            }
        }
    }

    private static Acknowledgement put(Program.Plane plane, ManagedChannel channel, long sequence, long time) {
        var batch = Batch.newBuilder()
                .setDeviceId("monitor")
                .setPatientId(PATIENT)
                .setSequence(sequence)
                .addColumns(Columns.newBuilder()
                        .setCode("8867-4")
                        .setUnit("/min")
                        .setStartUs(time)
                        .addTimeDeltaUs(0)
                        .addValues(60));
        return IngestServiceGrpc.newBlockingStub(plane.asDevice(channel, "monitor"))
                .putReadings(PutReadingsRequest.newBuilder().setBatch(batch).build())
                .getAcknowledgement();
    }

    private static int readings(Program.Plane plane, ManagedChannel channel) {
        RegistryServiceGrpc.newBlockingStub(plane.as(channel, "clinical_admin"))
                .putConsent(PutConsentRequest.newBuilder()
                        .setConsent(Consent.newBuilder().setPatientId(PATIENT).setGranted(true))
                        .build());
        int count = 0;
        var responses = QueryServiceGrpc.newBlockingStub(plane.as(channel, "authorized_medical_staff"))
                .queryReadings(
                        QueryReadingsRequest.newBuilder().setPatientId(PATIENT).build());
        while (responses.hasNext()) {
            for (var series : responses.next().getSeriesList()) {
                count += series.getColumns().getValuesCount();
            }
        }
        return count;
    }

    private long journalBatches() throws Exception {
        var inspection = Program.run("store", "inspect", "--data-dir", directory.toString(), "--json");
        var matcher = Pattern.compile("\"journalBatches\":(\\d+)").matcher(inspection.out());
        assertThat(matcher.find()).as(inspection.out() + inspection.err()).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    private static String ready(Program.Plane plane) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            var uri = URI.create("http://localhost:" + plane.httpPort() + "/q/health/ready");
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }
}
