package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.ErasePatientRequest;
import io.pulseplane.v1.ErasePatientResponse;
import io.pulseplane.v1.GetPatientRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An acknowledgement is a promise: the plane is killed at random moments while devices stream, again and again. The journal is
 * compacted every few milliseconds, patients are erased and node keys replaced, so that kills fall into that, too.
 */
class SigkillIT {

    private static final int ROUNDS = Integer.getInteger("pulseplane.sigkill.rounds", 20);
    private static final long SEED = Long.getLong("pulseplane.sigkill.seed", System.nanoTime());

    private static final long T0 = 1_763_000_000_000_000L;
    private static final int READINGS = 20;
    private static final int MAX_IN_FLIGHT = 200;

    /** So often the key of the node is replaced by another. */
    private static final int ROUNDS_PER_KEY = 4;

    /** Some time after a plane has started, on a slow machine. */
    private static final long MAX_START_MILLIS = 2_000;

    @TempDir
    Path directory;

    @TempDir
    Path keys;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final TreeMap<Long, Batch> sent = new TreeMap<>();
    private final ConcurrentSkipListMap<Long, Acknowledgement> acknowledged = new ConcurrentSkipListMap<>();
    private final List<Path> nodeKeys = new ArrayList<>();
    private int keyCount;
    private final List<String> erased = new ArrayList<>();
    private String patientToErase;
    private ListenableFuture<ErasePatientResponse> erasure;
    private long sequence;

    @Test
    void every_acknowledged_reading_survives_and_none_is_stored_twice() throws Exception {
        System.out.println("pulseplane.sigkill.seed=" + SEED);
        for (int round = 0; round < ROUNDS; round++) {
            if (round % ROUNDS_PER_KEY == ROUNDS_PER_KEY - 1) {
                replaceNodeKey(round);
            }
            try (var plane = Program.Plane.serve(directory, properties())) {
                var channel = plane.channel();
                try {
                    assertAcknowledgedAreStored(plane, channel, round);
                    assertErasedAreNotFound(plane, channel);
                    registerPatientToErase(plane, channel, round);
                    resend(plane, channel);
                    streamUntilKilled(plane, channel, round);
                } finally {
                    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
                }
            }
        }
        try (var plane = Program.Plane.serve(directory, properties())) {
            var channel = plane.channel();
            assertAcknowledgedAreStored(plane, channel, ROUNDS);
            assertErasedAreNotFound(plane, channel);
            resend(plane, channel);
            assertThat(stored(plane, channel)).isEqualTo(readingsOf(sent.values()));
            assertThat(plane.stop()).isZero();
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        System.out.println(ROUNDS + " kills, " + sent.size() + " batches");
    }

    private String[] properties() throws IOException {
        if (nodeKeys.isEmpty()) {
            nodeKeys.add(newNodeKey());
        }
        var properties = new ArrayList<>(List.of(
                "pulseplane.store.compact-after-bytes=16384",
                "pulseplane.store.compact-after=50ms",
                "pulseplane.store.node-key-file=" + nodeKeys.getLast()));
        if (nodeKeys.size() > 1) {
            var earlier = nodeKeys.subList(0, nodeKeys.size() - 1);
            properties.add("pulseplane.store.earlier-node-key-files="
                    + earlier.stream().map(Path::toString).collect(Collectors.joining(",")));
        }
        return properties.toArray(String[]::new);
    }

    private Path newNodeKey() throws IOException {
        var bytes = new byte[32];
        random.nextBytes(bytes);
        var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        var file = Files.createFile(keys.resolve("node-" + ++keyCount + ".key"), owner);
        return Files.writeString(file, Base64.getEncoder().encodeToString(bytes));
    }

    /** Kills the plane while it starts, and wraps data keys anew; from then on the earlier key may or may not be needed. */
    private void replaceNodeKey(int round) throws Exception {
        nodeKeys.add(newNodeKey());
        if (round % (2 * ROUNDS_PER_KEY) == ROUNDS_PER_KEY - 1) {
            Program.Plane.killWhileStarting(directory, random.nextLong(1, MAX_START_MILLIS), properties());
        } else {
            // With the new key alone, now that everything is wrapped under it.
            try (var plane = Program.Plane.serve(directory, properties())) {
                plane.kill();
            }
            var last = nodeKeys.getLast();
            nodeKeys.clear();
            nodeKeys.add(last);
        }
    }

    /** Somebody who will be erased about when the plane is killed. */
    private void registerPatientToErase(Program.Plane plane, ManagedChannel channel, int round) {
        patientToErase = "leaver-" + round;
        erasure = null;
        var monitor = "monitor-of-" + patientToErase;
        IngestServiceGrpc.newBlockingStub(plane.asDevice(channel, monitor))
                .putReadings(PutReadingsRequest.newBuilder()
                        .setBatch(Batch.newBuilder()
                                .setDeviceId(monitor)
                                .setPatientId(patientToErase)
                                .setSequence(1)
                                .addColumns(Columns.newBuilder()
                                        .setCode("8867-4")
                                        .setUnit("/min")
                                        .setStartUs(T0)
                                        .addTimeDeltaUs(0)
                                        .addValues(60)))
                        .build());
    }

    /** Who asked for an erasure that was not answered may ask again; whoever was erased is nobody. */
    private void assertErasedAreNotFound(Program.Plane plane, ManagedChannel channel) throws Exception {
        if (patientToErase == null) {
            return;
        }
        var registry = RegistryServiceGrpc.newBlockingStub(plane.as(channel, "clinical_admin"));
        if (!isErasureAnswered()) {
            registry.erasePatient(erasureOf(patientToErase));
        }
        erased.add(patientToErase);
        for (var patient : erased) {
            assertThatThrownBy(() -> registry.getPatient(
                            GetPatientRequest.newBuilder().setPatientId(patient).build()))
                    .as(patient)
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
        }
    }

    private boolean isErasureAnswered() throws InterruptedException {
        try {
            return erasure != null && erasure.get(5, TimeUnit.SECONDS).getErasedUs() > 0;
        } catch (ExecutionException | TimeoutException _) {
            return false;
        }
    }

    private static ErasePatientRequest erasureOf(String patient) {
        return ErasePatientRequest.newBuilder()
                .setPatientId(patient)
                .setReason("asked for it")
                .build();
    }

    private void assertAcknowledgedAreStored(Program.Plane plane, ManagedChannel channel, int round) {
        var stored = stored(plane, channel);
        var promised = readingsOf(acknowledged.keySet().stream().map(sent::get).toList());
        assertThat(stored).as("round " + round + ", seed " + SEED).containsAllEntriesOf(promised);
    }

    /** What was acknowledged is answered as it was; what was not is stored now, or was before the kill. */
    private void resend(Program.Plane plane, ManagedChannel channel) {
        var stub = IngestServiceGrpc.newBlockingStub(plane.asDevice(channel, "monitor"));
        for (var batch :
                sent.tailMap(Math.max(1, sequence - MAX_IN_FLIGHT - 50)).values()) {
            var answer = stub.putReadings(
                            PutReadingsRequest.newBuilder().setBatch(batch).build())
                    .getAcknowledgement();
            var before = acknowledged.put(batch.getSequence(), answer);
            assertThat(answer.getAccepted()).isEqualTo(READINGS);
            if (before != null) {
                assertThat(answer.getRepeatedBatch()).isTrue();
            }
        }
    }

    private void streamUntilKilled(Program.Plane plane, ManagedChannel channel, int round) throws Exception {
        int before = acknowledged.size();
        var requests = IngestServiceGrpc.newStub(plane.asDevice(channel, "monitor"))
                .streamReadings(new StreamObserver<>() {
                    @Override
                    public void onNext(StreamReadingsResponse response) {
                        acknowledged.put(response.getAcknowledgement().getSequence(), response.getAcknowledgement());
                    }

                    @Override
                    public void onError(Throwable failure) {
                        // The plane was killed.
                    }

                    @Override
                    public void onCompleted() {
                        throw new AssertionError("the plane ended the stream by itself");
                    }
                });
        long lifetime = random.nextLong(1, TimeUnit.MILLISECONDS.toNanos(400));
        long head = random.nextLong(TimeUnit.MILLISECONDS.toNanos(50));
        long killAt = Long.MAX_VALUE;
        while (System.nanoTime() < killAt) {
            if (sent.size() - acknowledged.size() < MAX_IN_FLIGHT) {
                var batch = nextBatch();
                sent.put(batch.getSequence(), batch);
                requests.onNext(
                        StreamReadingsRequest.newBuilder().setBatch(batch).build());
            } else {
                Thread.onSpinWait();
            }
            if (killAt == Long.MAX_VALUE && acknowledged.size() > before) {
                killAt = System.nanoTime() + lifetime;
            }
            if (erasure == null && killAt != Long.MAX_VALUE && System.nanoTime() > killAt - head) {
                erasure = RegistryServiceGrpc.newFutureStub(plane.as(channel, "clinical_admin"))
                        .erasePatient(erasureOf(patientToErase));
            }
        }
        plane.kill();
        Awaitility.await().until(() -> channel.isTerminated() || !isReady(channel));
        assertThat(acknowledged.size()).as("round " + round).isGreaterThan(before);
    }

    private static boolean isReady(ManagedChannel channel) {
        return channel.getState(false) == ConnectivityState.READY;
    }

    private Batch nextBatch() {
        sequence++;
        var columns = Columns.newBuilder().setCode("8867-4").setUnit("/min").setStartUs(T0 + sequence * READINGS);
        for (int i = 0; i < READINGS; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : 1).addValues(20 + (sequence * READINGS + i) % 280);
        }
        return Batch.newBuilder()
                .setDeviceId("monitor")
                .setPatientId("patient")
                .setSequence(sequence)
                .addColumns(columns)
                .build();
    }

    private static Map<Long, Double> readingsOf(Iterable<Batch> batches) {
        Map<Long, Double> readings = new TreeMap<>();
        for (var batch : batches) {
            add(batch.getColumns(0), readings);
        }
        return readings;
    }

    /** By time; a reading that was stored twice would come twice and be noticed by its time. */
    private Map<Long, Double> stored(Program.Plane plane, ManagedChannel channel) {
        Map<Long, Double> readings = new TreeMap<>();
        if (sent.isEmpty()) {
            return readings;
        }
        consent(plane, channel);
        long total = 0;
        List<Columns> all = new ArrayList<>();
        QueryServiceGrpc.newBlockingStub(plane.as(channel, "authorized_medical_staff"))
                .queryReadings(QueryReadingsRequest.newBuilder()
                        .setPatientId("patient")
                        .build())
                .forEachRemaining(chunk -> chunk.getSeriesList().forEach(series -> all.add(series.getColumns())));
        for (var columns : all) {
            total += columns.getValuesCount();
            add(columns, readings);
        }
        assertThat(readings).hasSize((int) total);
        return readings;
    }

    /** Of a patient that the first batch has registered; recorded anew in each round, which harms nobody. */
    private static void consent(Program.Plane plane, ManagedChannel channel) {
        RegistryServiceGrpc.newBlockingStub(plane.as(channel, "clinical_admin"))
                .putConsent(PutConsentRequest.newBuilder()
                        .setConsent(Consent.newBuilder().setPatientId("patient").setGranted(true))
                        .build());
    }

    private static void add(Columns columns, Map<Long, Double> readings) {
        long time = columns.getStartUs();
        for (int i = 0; i < columns.getValuesCount(); i++) {
            time += columns.getTimeDeltaUs(i);
            readings.put(time, columns.getValues(i));
        }
    }
}
