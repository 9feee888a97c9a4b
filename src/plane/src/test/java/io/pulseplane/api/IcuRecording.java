package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.Statistics;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Sends a day of a real bedside monitor, with its gaps and zeroes, through the gRPC API. Subclasses choose the store.
 */
abstract class IcuRecording extends PlaneTest {

    private static final Path RECORDING = Path.of("..", "..", "..", "shared", "data", "icu-numerics.csv");
    private static final int READINGS_PER_BATCH = 500;

    @Test
    void stores_the_plausible_readings_of_a_real_recording_once() throws Exception {
        assumeTrue(Files.isReadable(RECORDING), "this test needs the recording " + RECORDING);

        var first = stream(0);
        assertThat(sum(first, Acknowledgement::getAccepted)).isEqualTo(6_025);
        assertThat(sum(first, Acknowledgement::getDuplicates)).isZero();
        assertThat(rejectedByCode(first))
                .isEqualTo(Map.of("8867-4", 43, "76214-6", 1_500, "76213-8", 1_500, "76212-0", 1_500, "8889-8", 292));

        var resent = stream(0);
        assertThat(resent).allMatch(Acknowledgement::getRepeatedBatch);
        assertThat(sum(resent, Acknowledgement::getAccepted)).isEqualTo(6_025);

        var resentAsNewBatches = stream(1_000_000);
        assertThat(sum(resentAsNewBatches, Acknowledgement::getAccepted)).isZero();
        assertThat(sum(resentAsNewBatches, Acknowledgement::getDuplicates)).isEqualTo(6_025);
        assertThat(rejectedByCode(resentAsNewBatches)).isEqualTo(rejectedByCode(first));

        assertStatistics();
    }

    private void assertStatistics() {
        var statistics = query
                .withDeadlineAfter(10, TimeUnit.SECONDS)
                .getStatistics(
                        GetStatisticsRequest.newBuilder().setPatientId(patient).build())
                .getStatisticsList()
                .stream()
                .collect(Collectors.toMap(s -> s.getGroup().getCode(), Function.identity()));
        var heartRate = statistics.get("8867-4");
        assertThat(heartRate.getCount()).isEqualTo(1_457);
        assertThat(heartRate.getMin()).isEqualTo(48.1);
        assertThat(heartRate.getMax()).isEqualTo(70.5);
        assertMean(heartRate, 56.3641);
        assertThat(statistics.get("76534-7").getCount()).isEqualTo(120);
        assertMean(statistics.get("76534-7"), 131.4250);
        assertThat(statistics.get("59408-5").getCount()).isEqualTo(1_500);
        assertMean(statistics.get("59408-5"), 78.1845);
        assertThat(statistics.values().stream().mapToLong(Statistics::getCount).sum())
                .isEqualTo(6_025);
    }

    private static void assertMean(Statistics statistics, double mean) {
        assertThat(statistics.getMean()).isCloseTo(mean, within(0.00005));
    }

    private static int sum(List<Acknowledgement> acknowledgements, Function<Acknowledgement, Integer> count) {
        return acknowledgements.stream().mapToInt(count::apply).sum();
    }

    private static Map<String, Integer> rejectedByCode(List<Acknowledgement> acknowledgements) {
        return acknowledgements.stream()
                .flatMap(a -> a.getRejectionsList().stream())
                .collect(Collectors.toMap(r -> r.getCode(), r -> r.getIndexesCount(), Integer::sum));
    }

    private List<Acknowledgement> stream(long firstSequence) throws Exception {
        var acknowledgements = new CopyOnWriteArrayList<Acknowledgement>();
        var ended = new CompletableFuture<Void>();
        var requests = IngestServiceGrpc.newStub(channel).streamReadings(new StreamObserver<>() {
            @Override
            public void onNext(StreamReadingsResponse response) {
                acknowledgements.add(response.getAcknowledgement());
            }

            @Override
            public void onError(Throwable failure) {
                ended.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                ended.complete(null);
            }
        });
        for (var batch : batches(firstSequence)) {
            requests.onNext(StreamReadingsRequest.newBuilder().setBatch(batch).build());
        }
        requests.onCompleted();
        ended.get(60, TimeUnit.SECONDS);
        return acknowledgements;
    }

    private List<Batch> batches(long firstSequence) throws IOException {
        var lines = Files.readAllLines(RECORDING);
        assertThat(lines).hasSize(10_861);
        var batches = new ArrayList<Batch>();
        for (int start = 1; start < lines.size(); start += READINGS_PER_BATCH) {
            var part = lines.subList(start, Math.min(lines.size(), start + READINGS_PER_BATCH));
            batches.add(batch(part, firstSequence + start));
        }
        return batches;
    }

    private Batch batch(List<String> lines, long sequence) {
        Map<String, Columns.Builder> byCode = new LinkedHashMap<>();
        Map<String, Long> last = new LinkedHashMap<>();
        for (var line : lines) {
            var fields = line.split(",", -1);
            long time = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(fields[0]));
            byCode.computeIfAbsent(
                            fields[3],
                            code -> Columns.newBuilder().setCode(code).setUnit(fields[5]))
                    .addTimeDeltaUs(time - last.getOrDefault(fields[3], 0L))
                    .addValues(Double.parseDouble(fields[4]));
            last.put(fields[3], time);
        }
        var batch = Batch.newBuilder().setDeviceId(device).setPatientId(patient).setSequence(sequence);
        byCode.values().forEach(batch::addColumns);
        return batch.build();
    }
}
