package io.pulseplane.loadtest.jmh;

import io.grpc.stub.StreamObserver;
import io.pulseplane.api.Deadlines;
import io.pulseplane.api.EndpointLimits;
import io.pulseplane.api.QueryEndpoint;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.Watchers;
import io.pulseplane.query.AggregateQuery;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.RangeQuery;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures how long the endpoint takes for a GetLatest without the gate, from the request to the bytes of the response.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LatestBenchmark {

    private static final int MAX_BYTES = 1 << 24;

    private final GetLatestRequest oneCodeRequest =
            GetLatestRequest.newBuilder().setPatientId("ada").addCodes("8867-4").build();
    private final GetLatestRequest allCodesRequest =
            GetLatestRequest.newBuilder().setPatientId("ada").build();

    private Path directory;
    private EdgeStore store;
    private QueryEndpoint endpoint;

    @Setup
    public void open() throws IOException {
        directory = Files.createTempDirectory("latest-benchmark");
        store = EdgeStore.open(directory, 1, BenchmarkGate::now);
        var blocks = Stream.of("8867-4", "9279-1", "59408-5", "8310-5", "2339-0")
                .map(code -> new Series("ada", "monitor", code, unit(code)))
                .map(series -> new Columns(series, new long[] {1}, new double[] {72}))
                .map(columns -> new ScreenedBatch.Block(columns, null))
                .toList();
        store.readings()
                .append(List.of(new ScreenedBatch("monitor", "ada", 1, 1, blocks, 0, List.of())))
                .await()
                .indefinitely();
        var latest = new LatestQuery(new LatestCache(MAX_BYTES), store);
        latest.execute(new SeriesSelector(new Subject.OfPatient("ada"), Set.of()))
                .await()
                .indefinitely();
        endpoint = new QueryEndpoint(
                latest,
                new RangeQuery(store),
                new AggregateQuery(store, Catalogue.standard()),
                new Watchers(1),
                AnswerBudget.unbounded(),
                new EndpointLimits(1, 1, new Deadlines(Duration.ofSeconds(1), Duration.ofSeconds(1)), Duration.ZERO),
                Catalogue.standard());
    }

    private static String unit(String code) {
        return Catalogue.standard().find(code).orElseThrow().unit();
    }

    @TearDown
    public void close() {
        store.close();
        BenchmarkGate.delete(directory);
    }

    private byte[] respond(GetLatestRequest request) {
        var observer = new ResponseObserver();
        endpoint.getLatest(request, observer);
        return observer.bytes;
    }

    private static final class ResponseObserver implements StreamObserver<GetLatestResponse> {

        private byte[] bytes;

        @Override
        public void onNext(GetLatestResponse response) {
            bytes = response.toByteArray();
        }

        @Override
        public void onError(Throwable failure) {
            throw new IllegalStateException(failure);
        }

        @Override
        public void onCompleted() {}
    }

    @Benchmark
    public byte[] ofOneCode() {
        return respond(oneCodeRequest);
    }

    @Benchmark
    public byte[] ofAllCodes() {
        return respond(allCodesRequest);
    }
}
