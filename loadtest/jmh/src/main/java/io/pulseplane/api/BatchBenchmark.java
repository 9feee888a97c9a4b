package io.pulseplane.api;

import com.google.protobuf.InvalidProtocolBufferException;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.BatchScreener.UnknownCodePolicy;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.ScreenedBatch;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures the steps of a batch before it is stored: parse the message, read its columns, compute its digest, screen
 * it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class BatchBenchmark {

    private static final long START = 1_763_000_000_000_000L;
    private static final long SECOND = 1_000_000;

    /** How many readings the batch has, in two columns. */
    @Param({"10", "1000", "100000"})
    public int readings;

    private final BatchRequestReader reader = new BatchRequestReader(100_000);
    private final BatchScreener screener =
            new BatchScreener(Catalogue.standard(), UnknownCodePolicy.REFUSE, Duration.ofSeconds(5));

    private byte[] bytes;
    private PutReadingsRequest request;
    private Batch batch;

    @Setup
    public void createBatch() {
        var message = io.pulseplane.v1.Batch.newBuilder()
                .setDeviceId("monitor")
                .setPatientId("ada")
                .setSequence(1)
                .addColumns(columns("8867-4", "/min", 70))
                .addColumns(columns("59408-5", "%", 95));
        request = PutReadingsRequest.newBuilder().setBatch(message).build();
        bytes = request.toByteArray();
        batch = reader.readUnlessRefused(true, request.getBatch());
    }

    private Columns columns(String code, String unit, double value) {
        var columns = Columns.newBuilder().setCode(code).setUnit(unit).setStartUs(START);
        for (int i = 0; i < readings / 2; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : SECOND).addValues(value + i % 5);
        }
        return columns.build();
    }

    @Benchmark
    public PutReadingsRequest parse() throws InvalidProtocolBufferException {
        return PutReadingsRequest.parseFrom(bytes);
    }

    @Benchmark
    public Batch read() {
        return reader.readUnlessRefused(true, request.getBatch());
    }

    @Benchmark
    public long digest() {
        return batch.digest();
    }

    @Benchmark
    public ScreenedBatch screen() {
        return screener.screen(batch, START + readings * SECOND);
    }
}
