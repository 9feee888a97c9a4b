package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.pulseplane.api.Tokens;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.vitals.EpochMicros;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One caller with one valid token, and others without any, attack a plane with a small heap in every way at once. A
 * bystander goes on: each of its calls is answered, and each of its batches is acknowledged.
 *
 * <p>{@code -Dpulseplane.attack.seconds=3600} attacks for an hour. The latencies of the bystander are printed; with the
 * attackers on the same processors they say little about a plane.
 */
class AttackIT {

    private static final long SECONDS = Long.getLong("pulseplane.attack.seconds", 60);

    /** The smallest heap that is supported. */
    private static final int HEAP_MIB = 256;

    private static final int BATCH_READINGS = 50_000;

    private static final int BATCHES = 6;

    /** Lines of the log for all kinds of attacks, in each minute and at the start. */
    private static final long MAX_LINES_PER_MINUTE = 30;

    @TempDir
    Path directory;

    private final List<String> failures = new ArrayList<>();
    private final List<Long> readNanos = new ArrayList<>();
    private final List<Long> writeNanos = new ArrayList<>();
    private long sequence;

    @Test
    void a_bystander_is_served_while_one_caller_attacks_in_every_way() throws Exception {
        try (var plane = Program.Plane.serveWithHeap(HEAP_MIB, directory)) {
            var connection = plane.channel();
            fill(plane, connection);
            var rounds = new EnumMap<Attack, AtomicLong>(Attack.class);
            var attackers = Executors.newThreadPerTaskExecutor(
                    Thread.ofPlatform().daemon().factory());
            try {
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
                for (var attack : Attack.values()) {
                    var counter = new AtomicLong();
                    rounds.put(attack, counter);
                    var attacker =
                            new Attacker(plane.target(), Tokens.of(directory, "attacker", "authorized_medical_staff"));
                    attackers.submit(() -> repeat(attack, attacker, counter, end));
                }
                standBy(plane, connection, end);
            } finally {
                attackers.shutdownNow();
            }
            print(rounds);
            assertThat(failures).as("calls of the bystander that failed").isEmpty();
            assertThat(rounds.values()).allMatch(counter -> counter.get() > 0);
            assertThat(plane.log().lines().filter(line -> line.startsWith("\tat ")))
                    .as(plane.log())
                    .isEmpty();
            assertThat(plane.log().lines().count())
                    .as(plane.log())
                    .isLessThan(MAX_LINES_PER_MINUTE * (2 + SECONDS / 60));
            connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
            plane.stop();
        }
        var verification = Program.run("audit", "verify", "--data-dir", directory.toString());
        assertThat(verification.status())
                .as(verification.out() + verification.err())
                .isZero();
    }

    private static void repeat(Attack attack, Attacker attacker, AtomicLong rounds, long end) {
        while (System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
            attack.run(attacker);
            rounds.incrementAndGet();
        }
    }

    private void fill(Program.Plane plane, ManagedChannel connection) {
        var device = IngestServiceGrpc.newBlockingStub(plane.asDevice(connection, "monitor"));
        long start = EpochMicros.now() - 1_000L * BATCHES * BATCH_READINGS;
        for (var patient : List.of("ada", "bob")) {
            for (int i = 0; i < BATCHES; i++) {
                device.putReadings(batch(patient, start + 1_000L * i * BATCH_READINGS, BATCH_READINGS));
            }
            RegistryServiceGrpc.newBlockingStub(plane.as(connection, "clinical_admin"))
                    .putConsent(PutConsentRequest.newBuilder()
                            .setConsent(
                                    Consent.newBuilder().setPatientId(patient).setGranted(true))
                            .build());
        }
    }

    private PutReadingsRequest batch(String patient, long start, int size) {
        var columns = Columns.newBuilder().setCode("8867-4").setUnit("/min").setStartUs(start);
        for (int i = 0; i < size; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : 1_000).addValues(60 + i % 400 / 10.0);
        }
        return PutReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId("monitor")
                        .setPatientId(patient)
                        .setSequence(++sequence)
                        .addColumns(columns))
                .build();
    }

    /** Asks and writes as a quiet caller does, one call at a time. */
    private void standBy(Program.Plane plane, ManagedChannel connection, long end) {
        Channel reader = ClientInterceptors.intercept(
                connection, Tokens.bearer(Tokens.of(directory, "bystander", "authorized_medical_staff")));
        var device = IngestServiceGrpc.newBlockingStub(plane.asDevice(connection, "monitor"));
        for (int i = 0; System.nanoTime() < end; i++) {
            int call = i;
            var queries = QueryServiceGrpc.newBlockingStub(reader).withDeadlineAfter(30, TimeUnit.SECONDS);
            measure(
                    readNanos,
                    () -> queries.getLatest(
                            GetLatestRequest.newBuilder().setPatientId("bob").build()));
            if (call % 10 == 0) {
                measure(
                        readNanos,
                        () -> queries.queryReadings(QueryReadingsRequest.newBuilder()
                                        .setPatientId("bob")
                                        .setLimit(1_000)
                                        .build())
                                .forEachRemaining(_ -> {}));
                measure(
                        writeNanos,
                        () -> device.withDeadlineAfter(30, TimeUnit.SECONDS)
                                .putReadings(batch("bob", EpochMicros.now(), 1)));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    private void measure(List<Long> nanos, Runnable call) {
        long start = System.nanoTime();
        try {
            call.run();
        } catch (StatusRuntimeException failure) {
            failures.add(failure.getStatus().toString());
        }
        nanos.add(System.nanoTime() - start);
    }

    private void print(Map<Attack, AtomicLong> rounds) {
        System.out.printf("%d s, heap %d MiB; rounds of each attack: %s%n", SECONDS, HEAP_MIB, rounds);
        System.out.println("bystander, reads:  " + percentiles(readNanos));
        System.out.println("bystander, writes: " + percentiles(writeNanos));
    }

    private static String percentiles(List<Long> nanos) {
        var sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        var text = new StringBuilder(sorted.length + " calls");
        for (double percentile : new double[] {50, 99, 99.9, 100}) {
            int index = (int) Math.min(sorted.length - 1L, (long) (sorted.length * percentile / 100));
            text.append(", p%s %.1f ms".formatted(percentile, sorted[index] / 1e6));
        }
        return Arrays.stream(sorted).findAny().isPresent() ? text.toString() : "no calls";
    }
}
