package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.pulseplane.node.StoreFiles;
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
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the plane again and again at random moments while a device streams, and checks that every acknowledged reading
 * is still stored, exactly once. The plane compacts its journal every few milliseconds, erases patients and gets new
 * node keys, so that kills hit each {@link Phase}.
 *
 * <p>{@code -Dpulseplane.sigkill.rounds} is the least number of kills, {@code -Dpulseplane.sigkill.seed} repeats the
 * random choices of a run.
 */
class SigkillIT {

    private static final int ROUNDS = Integer.getInteger("pulseplane.sigkill.rounds", 20);
    private static final long SEED = Long.getLong("pulseplane.sigkill.seed", System.nanoTime());

    private static final long T0 = 1_763_000_000_000_000L;
    private static final int READINGS = 20;
    private static final int MAX_IN_FLIGHT = 200;

    /** Rounds after which the node gets another key. */
    private static final int ROUNDS_PER_KEY = 4;

    /** One round of this many kills the plane before its first answer. */
    private static final int ROUNDS_PER_EARLY_KILL = 4;

    /** Rounds that are added while a phase has not been hit. */
    private static final int MAX_EXTRA_ROUNDS = 40;

    private static final int MAX_KILLED_STARTS = 20;

    /** How long after the first change of the data keys' files a starting plane is killed. */
    private static final long MAX_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

    private static final long MAX_LIFETIME_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

    /** About the time that a plane which has just started takes for its first answer on a stream. */
    private static final long MAX_EARLY_KILL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** How long before the kill the erasure may be requested: close to the kill in every second round. */
    private static final long MAX_ERASURE_LEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final long MAX_SHORT_ERASURE_LEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final long ANSWER_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** What the plane was doing when it was killed. */
    private enum Phase {
        /** Some batches of this run were in chunks, others were still in the journal. */
        COMPACTION,
        /** The plane had not answered the erasure, or had not yet removed the data of the erased patient. */
        ERASURE,
        /** The plane was starting, and had wrapped the data keys under the new node key. */
        ROTATION,
        BEFORE_FIRST_ANSWER,
        AFTER_FIRST_ANSWER
    }

    @TempDir
    Path directory;

    @TempDir
    Path keys;

    @TempDir
    Path copies;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final TreeMap<Long, Batch> sent = new TreeMap<>();
    private final ConcurrentSkipListMap<Long, Acknowledgement> acknowledged = new ConcurrentSkipListMap<>();
    private final Map<Phase, Integer> hits = new EnumMap<>(Phase.class);
    private final List<Path> nodeKeys = new ArrayList<>();
    private int keyCount;
    private final List<String> erased = new ArrayList<>();
    private String patientToErase;
    private ListenableFuture<ErasePatientResponse> erasure;
    private long sequence;

    @Test
    void every_acknowledged_reading_survives_and_none_is_stored_twice() throws Exception {
        System.out.println("pulseplane.sigkill.seed=" + SEED);
        int rounds = 0;
        while (rounds < ROUNDS || (hits.size() < Phase.values().length && rounds < ROUNDS + MAX_EXTRA_ROUNDS)) {
            runRound(rounds++);
        }
        try (var plane = Program.Plane.serve(directory, properties())) {
            var channel = plane.channel();
            assertAcknowledgedAreStored(plane, channel, rounds);
            assertErasedAreNotFound(plane, channel);
            resend(plane, channel);
            assertThat(stored(plane, channel)).isEqualTo(readingsOf(sent.values()));
            assertThat(plane.stop()).isZero();
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
        System.out.println(rounds + " kills, " + sent.size() + " batches, hits by phase " + hits);
        assertThat(hits).as("phases that were hit, seed " + SEED).containsOnlyKeys(Phase.values());
    }

    private void runRound(int round) throws Exception {
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

    private void recordHit(Phase phase) {
        hits.merge(phase, 1, Integer::sum);
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

    /**
     * Gives the node another key. Every second time the plane is killed while it starts with the new key, so that the
     * next start may or may not need the earlier key.
     */
    private void replaceNodeKey(int round) throws Exception {
        nodeKeys.add(newNodeKey());
        if (round % (2 * ROUNDS_PER_KEY) == ROUNDS_PER_KEY - 1) {
            int starts = 0;
            do {
                boolean wasStarting =
                        Program.Plane.killWhileStarting(directory, soonAfterChange(keyFiles()), properties());
                if (wasStarting && areDataKeysWrappedUnder(nodeKeys.getLast())) {
                    recordHit(Phase.ROTATION);
                }
            } while (!hits.containsKey(Phase.ROTATION) && ++starts < MAX_KILLED_STARTS);
        } else {
            // The second start after a rotation needs the new key alone.
            try (var plane = Program.Plane.serve(directory, properties())) {
                plane.kill();
            }
            var last = nodeKeys.getLast();
            nodeKeys.clear();
            nodeKeys.add(last);
        }
    }

    /** The sizes and times of the files with the data keys. */
    private String keyFiles() {
        var states = new StringBuilder();
        for (var name : List.of("keys.db", "keys.db-wal")) {
            var file = directory.resolve(name).toFile();
            states.append(file.length()).append(' ').append(file.lastModified()).append(' ');
        }
        return states.toString();
    }

    /** Holds some milliseconds after the files with the data keys have changed. */
    private Callable<Boolean> soonAfterChange(String before) {
        long delayNanos = random.nextLong(MAX_DELAY_NANOS);
        var changedAt = new AtomicReference<Long>();
        return () -> {
            if (!keyFiles().equals(before)) {
                changedAt.compareAndSet(null, System.nanoTime());
            }
            return changedAt.get() != null && System.nanoTime() - changedAt.get() >= delayNanos;
        };
    }

    private boolean areDataKeysWrappedUnder(Path nodeKey) throws IOException {
        try {
            inspect(Optional.of(nodeKey));
            return true;
        } catch (PlaneException.FailedPrecondition _) {
            return false;
        }
    }

    /** Inspects a copy, so that the next start of the plane meets the files as the kill left them. */
    private Map<String, Long> inspect(Optional<Path> nodeKey) throws IOException {
        var copy = Files.createTempDirectory(copies, "store-");
        try (var files = Files.newDirectoryStream(directory, "*.db*")) {
            for (var file : files) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return StoreFiles.inspect(copy, new StoreFiles.KeySource(nodeKey, List.of())).stream()
                .filter(figure -> figure.value() != null)
                .collect(Collectors.toMap(
                        StoreFiles.Figure::field, figure -> figure.value().longValue()));
    }

    /** Registers a patient that is erased at about the time of the kill. */
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

    /** Repeats an erasure that the plane did not answer, and checks that no erased patient is found. */
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
                .setReason("requested by the patient")
                .build();
    }

    private void assertAcknowledgedAreStored(Program.Plane plane, ManagedChannel channel, int round) {
        var stored = stored(plane, channel);
        var expected = readingsOf(acknowledged.keySet().stream().map(sent::get).toList());
        assertThat(stored).as("round " + round + ", seed " + SEED).containsAllEntriesOf(expected);
    }

    /**
     * Sends the latest batches again. The plane recognises those that it acknowledged; it stores the others now, or did
     * so before the kill.
     */
    private void resend(Program.Plane plane, ManagedChannel channel) {
        var stub = IngestServiceGrpc.newBlockingStub(plane.asDevice(channel, "monitor"));
        for (var batch :
                sent.tailMap(Math.max(1, sequence - MAX_IN_FLIGHT - 50)).values()) {
            var acknowledgement = stub.putReadings(
                            PutReadingsRequest.newBuilder().setBatch(batch).build())
                    .getAcknowledgement();
            var earlier = acknowledged.put(batch.getSequence(), acknowledgement);
            assertThat(acknowledgement.getAccepted()).isEqualTo(READINGS);
            if (earlier != null) {
                assertThat(acknowledgement.getRepeatedBatch()).isTrue();
            }
        }
    }

    private void streamUntilKilled(Program.Plane plane, ManagedChannel channel, int round) throws Exception {
        int before = acknowledged.size();
        long firstSequence = sequence + 1;
        // The first round waits for an answer: queries need a patient that the plane has stored.
        boolean isEarlyKill = round % ROUNDS_PER_EARLY_KILL == 1;
        var responses = new AcknowledgementObserver();
        var requests =
                IngestServiceGrpc.newStub(plane.asDevice(channel, "monitor")).streamReadings(responses);
        long lifetime = random.nextLong(1, isEarlyKill ? MAX_EARLY_KILL_NANOS : MAX_LIFETIME_NANOS);
        long erasureLead = random.nextLong(round % 2 == 0 ? MAX_ERASURE_LEAD_NANOS : MAX_SHORT_ERASURE_LEAD_NANOS);
        long deadline = System.nanoTime() + ANSWER_TIMEOUT_NANOS;
        long killAt = Long.MAX_VALUE;
        while (System.nanoTime() < killAt) {
            responses.rethrowFailure();
            assertThat(System.nanoTime()).as("deadline of the first answer").isLessThan(deadline);
            if (sent.size() - acknowledged.size() < MAX_IN_FLIGHT) {
                var batch = nextBatch();
                sent.put(batch.getSequence(), batch);
                requests.onNext(
                        StreamReadingsRequest.newBuilder().setBatch(batch).build());
            } else {
                Thread.onSpinWait();
            }
            if (killAt == Long.MAX_VALUE && (isEarlyKill || acknowledged.size() > before)) {
                killAt = System.nanoTime() + lifetime;
            }
            if (erasure == null && killAt != Long.MAX_VALUE && System.nanoTime() > killAt - erasureLead) {
                erasure = RegistryServiceGrpc.newFutureStub(plane.as(channel, "clinical_admin"))
                        .erasePatient(erasureOf(patientToErase));
            }
        }
        responses.expectKill();
        plane.kill();
        responses.awaitEnd();
        responses.rethrowFailure();
        Awaitility.await().until(() -> channel.isTerminated() || !isReady(channel));
        if (!isEarlyKill) {
            assertThat(acknowledged.size()).as("round " + round).isGreaterThan(before);
        }
        recordHits(acknowledged.size() > before, firstSequence);
    }

    private void recordHits(boolean isAnswered, long firstSequence) throws Exception {
        recordHit(isAnswered ? Phase.AFTER_FIRST_ANSWER : Phase.BEFORE_FIRST_ANSWER);
        var figures = inspect(Optional.empty());
        if (figures.getOrDefault("newestUs", 0L) >= startOf(firstSequence) && figures.get("journalBatches") > 0) {
            recordHit(Phase.COMPACTION);
        }
        if (erasure != null && (!isErasureAnswered() || figures.get("erasedNotSwept") > 0)) {
            recordHit(Phase.ERASURE);
        }
        System.out.println("sequence " + sequence + ", hits by phase " + hits);
    }

    /**
     * Collects the acknowledgements of one stream. gRPC cancels a call whose observer throws and shows the test nothing
     * of it, so the observer keeps the first failure and the test's thread throws it.
     */
    private final class AcknowledgementObserver implements StreamObserver<StreamReadingsResponse> {

        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        private final CountDownLatch end = new CountDownLatch(1);
        private volatile boolean isKillExpected;

        @Override
        public void onNext(StreamReadingsResponse response) {
            try {
                assertThat(response.hasAcknowledgement())
                        .as("acknowledged: %s", response)
                        .isTrue();
                var acknowledgement = response.getAcknowledgement();
                assertThat(acknowledgement.getAccepted()).isEqualTo(READINGS);
                assertThat(acknowledged.put(acknowledgement.getSequence(), acknowledgement))
                        .as("an earlier acknowledgement of the same batch")
                        .isNull();
            } catch (AssertionError | RuntimeException e) {
                failure.compareAndSet(null, e);
            }
        }

        @Override
        public void onError(Throwable streamFailure) {
            if (!isKillExpected) {
                failure.compareAndSet(null, new AssertionError("the stream failed before the kill", streamFailure));
            }
            end.countDown();
        }

        @Override
        public void onCompleted() {
            failure.compareAndSet(null, new AssertionError("the plane ended the stream by itself"));
            end.countDown();
        }

        void expectKill() {
            isKillExpected = true;
        }

        void awaitEnd() throws InterruptedException {
            assertThat(end.await(10, TimeUnit.SECONDS))
                    .as("the stream has ended")
                    .isTrue();
        }

        void rethrowFailure() {
            var first = failure.get();
            if (first != null) {
                throw new AssertionError("the stream's observer failed, seed " + SEED, first);
            }
        }
    }

    private static boolean isReady(ManagedChannel channel) {
        return channel.getState(false) == ConnectivityState.READY;
    }

    private static long startOf(long sequence) {
        return T0 + sequence * READINGS;
    }

    private Batch nextBatch() {
        sequence++;
        var columns = Columns.newBuilder().setCode("8867-4").setUnit("/min").setStartUs(startOf(sequence));
        for (int i = 0; i < READINGS; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : 1).addValues(20 + ((sequence * READINGS + i) % 280));
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

    /** The stored readings by their times. Two readings of one time fail the test. */
    private Map<Long, Double> stored(Program.Plane plane, ManagedChannel channel) {
        Map<Long, Double> readings = new TreeMap<>();
        if (sent.isEmpty()) {
            return readings;
        }
        consent(plane, channel);
        long total = 0;
        List<Columns> storedColumns = new ArrayList<>();
        QueryServiceGrpc.newBlockingStub(plane.as(channel, "authorized_medical_staff"))
                .queryReadings(QueryReadingsRequest.newBuilder()
                        .setPatientId("patient")
                        .build())
                .forEachRemaining(
                        response -> response.getSeriesList().forEach(series -> storedColumns.add(series.getColumns())));
        for (var columns : storedColumns) {
            total += columns.getValuesCount();
            add(columns, readings);
        }
        assertThat(readings).hasSize((int) total);
        return readings;
    }

    /**
     * Grants consent for the patient that the first batch has registered. To grant it again in each round changes
     * nothing.
     */
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
