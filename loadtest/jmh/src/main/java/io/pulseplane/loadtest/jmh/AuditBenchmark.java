package io.pulseplane.loadtest.jmh;

import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.writing.AuditEvents;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.AuditTrail;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Measures the cost of the audit trail. {@code durable} measures the whole way of a record to the disk, append
 * included; in async mode on one core ({@code taskset -c 0}) it shows how many records a core can write.
 * {@code enqueue} measures what a call pays in async mode. {@code appendAndAwait} measures a call that waits for its
 * record.
 */
@State(Scope.Benchmark)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class AuditBenchmark {

    private static final int RECORDS = 1_000_000;

    /** Less than the queue's bound, so that no record of a burst is refused. */
    private static final int BURST = 50_000;

    private static final int PATIENTS = 4_096;

    @Param({"SYNC", "ASYNC"})
    public AuditSettings.Mode mode;

    private final AuditRecord[] sampleRecords = new AuditRecord[PATIENTS];
    private final AtomicLong committed = new AtomicLong();
    private long appended;
    private Path directory;
    private AuditTrail trail;

    @Setup
    public void open() throws IOException {
        for (int i = 0; i < sampleRecords.length; i++) {
            sampleRecords[i] = make(i);
        }
        directory = Files.createTempDirectory("audit-benchmark");
        trail = open(directory, new AuditEvents() {
            @Override
            public void committed(int records, long nanos) {
                committed.addAndGet(records);
            }
        });
    }

    private AuditTrail open(Path trailDirectory, AuditEvents events) {
        return AuditTrail.open(
                AuditSettings.of(mode, trailDirectory, "benchmark"), () -> System.nanoTime() / 1_000, events);
    }

    /** Waits until the queue is empty, so that no refusal is measured. */
    @Setup(Level.Invocation)
    public void awaitEmptyQueue() {
        while (committed.get() < appended) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    @TearDown
    public void close() throws IOException {
        trail.close();
        delete(directory);
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }

    private static AuditRecord make(int i) {
        return new AuditRecord(
                1_790_000_000_000_000L + i,
                "nurse-" + i % 97,
                "authorized_medical_staff",
                "clinic",
                "query",
                "pulseplane.v1.QueryService/GetLatest",
                "MRN-" + (100_000 + i),
                "",
                List.of("8867-4", "59408-5"),
                Decision.PERMITTED,
                "",
                "b3c1f0a6d1c7e4b25f1a9d3e88c0aa51e0d7c2f4b6a89133c5d7e9f10b2d4c6e",
                "10.20.30.40",
                "7d1f2c3b4a596877");
    }

    /** Retries while the queue is full. The gate would refuse the call instead. */
    private static CompletionStage<Void> append(AuditTrail trail, AuditRecord record) {
        var completion = trail.append(record);
        while (completion.toCompletableFuture().isCompletedExceptionally()) {
            LockSupport.parkNanos(100_000);
            completion = trail.append(record);
        }
        return completion;
    }

    /** A new trail for each invocation. Opening and deleting it is not measured. */
    @State(Scope.Benchmark)
    public static class NewTrail {

        private Path directory;
        private AuditTrail trail;

        @Setup(Level.Invocation)
        public void open(AuditBenchmark benchmark) throws IOException {
            directory = Files.createTempDirectory("audit-durable");
            trail = benchmark.open(directory, AuditEvents.NONE);
        }

        @TearDown(Level.Invocation)
        public void remove() throws IOException {
            delete(directory);
        }
    }

    /** Appends records and waits until all are synced and the trail is sealed. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OperationsPerInvocation(RECORDS)
    @Warmup(iterations = 5)
    @Measurement(iterations = 5)
    public void durable(NewTrail newTrail) {
        for (int i = 0; i < RECORDS; i++) {
            append(newTrail.trail, sampleRecords[i % PATIENTS]);
        }
        newTrail.trail.close();
    }

    /** Appends a burst without waiting for the disk. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OperationsPerInvocation(BURST)
    @Warmup(iterations = 60)
    @Measurement(iterations = 60)
    public void enqueue(Blackhole blackhole) {
        for (int i = 0; i < BURST; i++) {
            blackhole.consume(trail.append(sampleRecords[i % PATIENTS]));
        }
        appended += BURST;
    }

    /** Appends one record and waits for it. In sync mode that takes a group commit. */
    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @Warmup(iterations = 2, time = 2)
    @Measurement(iterations = 3, time = 2)
    public Void appendAndAwait() {
        return append(trail, sampleRecords[0]).toCompletableFuture().join();
    }
}
