package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import io.pulseplane.vitals.OutOfMemory;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fills the heap of a plane whose bounds are configured far beyond it. */
class OutOfMemoryIT {

    /** More than fit: each has an entry of about 1.5 KB among the latest readings. */
    private static final int MAX_PATIENTS = 400_000;

    private static final long TIMEOUT_SECONDS = 120;

    @TempDir
    Path directory;

    @Test
    void the_process_ends_by_itself_with_its_status_and_one_line() throws Exception {
        try (var plane = Program.Plane.serveWithHeap(
                64, directory, "pulseplane.live.latest-memory=2G", "pulseplane.store.compact-after-bytes=1G")) {
            var connection = plane.channel();
            var end = new CompletableFuture<Void>();
            var batches = IngestServiceGrpc.newStub(plane.asDevice(connection, "monitor"))
                    .streamReadings(new StreamObserver<StreamReadingsResponse>() {
                        @Override
                        public void onNext(StreamReadingsResponse response) {}

                        @Override
                        public void onError(Throwable failure) {
                            end.complete(null);
                        }

                        @Override
                        public void onCompleted() {
                            end.complete(null);
                        }
                    });
            long now = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
            for (int i = 0; i < MAX_PATIENTS && !end.isDone(); i++) {
                batches.onNext(batch(i, now));
            }
            assertThat(plane.awaitEnd(TIMEOUT_SECONDS)).as(plane.log()).isEqualTo(OutOfMemory.EXIT_STATUS);
            assertThat(plane.log().lines().toList())
                    .as(plane.log())
                    .filteredOn(line -> line.contains("memory is used up") || line.startsWith("Terminating due to"))
                    .hasSize(1);
            connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    private static StreamReadingsRequest batch(int number, long now) {
        return StreamReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId("monitor")
                        .setPatientId("patient-" + number)
                        .setSequence(number + 1L)
                        .addAllColumns(List.of(Columns.newBuilder()
                                .setCode("8867-4")
                                .setUnit("/min")
                                .setStartUs(now)
                                .addTimeDeltaUs(0)
                                .addValues(60)
                                .build())))
                .build();
    }
}
