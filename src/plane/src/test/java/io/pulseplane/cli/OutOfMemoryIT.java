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
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fills the heap of a plane whose bounds are configured far beyond it. */
class OutOfMemoryIT {

    /** More than fit: what is not compacted yet is in memory, and random values take about seven bytes each. */
    private static final int MAX_BATCHES = 400;

    private static final int BATCH_READINGS = 50_000;

    private static final long TIMEOUT_SECONDS = 120;

    @TempDir
    Path directory;

    @Test
    void the_process_ends_by_itself_with_its_status_and_one_line() throws Exception {
        try (var plane = Program.Plane.serveWithHeap(
                64, directory, "pulseplane.store.compact-after-bytes=1G", "pulseplane.store.compact-after=1h")) {
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
            for (int i = 0; i < MAX_BATCHES && !end.isDone(); i++) {
                batches.onNext(batch(i, now - (long) MAX_BATCHES * BATCH_READINGS));
            }
            assertThat(plane.awaitEnd(TIMEOUT_SECONDS)).as(plane.log()).isEqualTo(OutOfMemory.EXIT_STATUS);
            assertThat(plane.log().lines().toList())
                    .as(plane.log())
                    .filteredOn(line -> line.contains("memory is used up") || line.startsWith("Terminating due to"))
                    .hasSize(1);
            connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    private static StreamReadingsRequest batch(int number, long start) {
        var random = new SplittableRandom(number);
        var columns = Columns.newBuilder()
                .setCode("8867-4")
                .setUnit("/min")
                .setStartUs(start + (long) number * BATCH_READINGS);
        for (int i = 0; i < BATCH_READINGS; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : 1).addValues(random.nextDouble(40, 200));
        }
        return StreamReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId("monitor")
                        .setPatientId("ada")
                        .setSequence(number + 1L)
                        .addColumns(columns))
                .build();
    }
}
