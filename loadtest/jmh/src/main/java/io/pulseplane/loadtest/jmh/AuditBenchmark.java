package io.pulseplane.loadtest.jmh;

import io.pulseplane.gate.audit.AuditEvents;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.AuditSettings;
import io.pulseplane.gate.audit.AuditTrail;
import io.pulseplane.gate.audit.Decision;
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
 * What the audit log costs. {@code durable} is the whole way of a record to the disk in async mode, appending included;
 * run on one core ({@code taskset -c 0}) it says how many records a core takes. {@code enqueue} is what a call pays.
 */
@State(Scope.Benchmark)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class AuditBenchmark {

    private static final int RECORDS = 1_000_000;

    /** As many as async mode makes durable at once, and no more than the queue holds. */
    private static final int BURST = 50_000;

    private static final int PATIENTS = 4_096;

    @Param({"SYNC", "ASYNC"})
    public AuditSettings.Mode mode;

    private final AuditRecord[] sampleRecords = new AuditRecord[PATIENTS];
    private final AtomicLong committed = new AtomicLong();
    private long handedOver;
    private Path directory;
    private AuditTrail log;

    @Setup
    public void open() throws IOException {
        for (int i = 0; i < sampleRecords.length; i++) {
            sampleRecords[i] = make(i);
        }
        directory = Files.createTempDirectory("audit-benchmark");
        log = open(directory, new AuditEvents() {
            @Override
            public void committed(int records, long nanos) {
                committed.addAndGet(records);
            }
        });
    }

    private AuditTrail open(Path where, AuditEvents events) {
        return AuditTrail.open(AuditSettings.of(mode, where, "benchmark"), () -> System.nanoTime() / 1_000, events);
    }

    /** A burst finds an empty queue, so that no refusal is measured. */
    @Setup(Level.Invocation)
    public void awaitRoom() {
        while (committed.get() < handedOver) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    @TearDown
    public void close() throws IOException {
        log.close();
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

    /** Waits where the queue is full, as a gate would not: it refuses. */
    private static CompletionStage<Void> append(AuditTrail to, AuditRecord record) {
        var answer = to.append(record);
        while (answer.toCompletableFuture().isCompletedExceptionally()) {
            LockSupport.parkNanos(100_000);
            answer = to.append(record);
        }
        return answer;
    }

    /** A log of its own for each million records, opened and removed outside of what is measured. */
    @State(Scope.Benchmark)
    public static class NewTrail {

        private Path directory;
        private AuditTrail log;

        @Setup(Level.Invocation)
        public void open(AuditBenchmark settings) throws IOException {
            directory = Files.createTempDirectory("audit-durable");
            log = settings.open(directory, AuditEvents.NONE);
        }

        @TearDown(Level.Invocation)
        public void remove() throws IOException {
            delete(directory);
        }
    }

    /** Until all of it is synced and sealed. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OperationsPerInvocation(RECORDS)
    @Warmup(iterations = 5)
    @Measurement(iterations = 5)
    public void durable(NewTrail fresh) {
        for (int i = 0; i < RECORDS; i++) {
            append(fresh.log, sampleRecords[i % PATIENTS]);
        }
        fresh.log.close();
    }

    /** A burst, without waiting for the disk. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OperationsPerInvocation(BURST)
    @Warmup(iterations = 60)
    @Measurement(iterations = 60)
    public void enqueue(Blackhole answers) {
        for (int i = 0; i < BURST; i++) {
            answers.consume(log.append(sampleRecords[i % PATIENTS]));
        }
        handedOver += BURST;
    }

    /** One call that waits for its record: in sync mode, a group commit. */
    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @Warmup(iterations = 2, time = 2)
    @Measurement(iterations = 3, time = 2)
    public Void appendAndAwait() {
        return append(log, sampleRecords[0]).toCompletableFuture().join();
    }
}
