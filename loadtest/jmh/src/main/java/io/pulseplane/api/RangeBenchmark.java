package io.pulseplane.api;

import io.pulseplane.query.AggregateQuery;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.query.RangeQuery;
import io.pulseplane.query.SeriesGroup.Grouping;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.v1.Function;
import io.pulseplane.v1.QueryReadingsResponse;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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
 * Measures long queries on an edge store with 30 days of a series at 1 Hz, up to the bytes of the response messages.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class RangeBenchmark {

    private static final long SECOND = 1_000_000;
    private static final int DAY = 86_400;
    private static final int DAYS = 30;

    private final Series series = new Series("ada", "monitor", "8867-4", "/min");
    private final SeriesSelector selector = new SeriesSelector(new Subject.OfPatient("ada"), Set.of("8867-4"));
    private final Set<Function> functions =
            EnumSet.of(Function.FUNCTION_MEAN, Function.FUNCTION_MIN, Function.FUNCTION_MAX);

    private Path directory;
    private EdgeStore store;
    private RangeQuery rangeQuery;
    private AggregateQuery aggregateQuery;
    private final QueryMessages messages = new QueryMessages(Catalogue.standard());
    private final AnswerBudget budget = AnswerBudget.unbounded();

    @Setup
    public void fill() throws IOException {
        directory = Files.createTempDirectory("range-benchmark");
        store = EdgeStore.open(directory, 2, () -> System.currentTimeMillis() * 1_000);
        var random = new SplittableRandom(1);
        for (int day = 0; day < DAYS; day++) {
            var times = new long[DAY];
            var values = new double[DAY];
            for (int i = 0; i < DAY; i++) {
                times[i] = ((long) day * DAY + i) * SECOND;
                values[i] = (600 + random.nextInt(20)) / 10.0;
            }
            var block = new ScreenedBatch.Block(new Columns(series, times, values), null);
            store.readings()
                    .append(List.of(new ScreenedBatch("monitor", "ada", day + 1, day, List.of(block), 0, List.of())))
                    .await()
                    .indefinitely();
        }
        store.compact().await().indefinitely();
        rangeQuery = new RangeQuery(store);
        aggregateQuery = new AggregateQuery(store, Catalogue.standard());
    }

    @TearDown
    public void close() throws IOException {
        store.close();
        try (Stream<Path> files = Files.list(directory)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    @Benchmark
    public long day() {
        var lastDay = new TimeRange((DAYS - 1L) * DAY * SECOND, (long) DAYS * DAY * SECOND);
        return rangeQuery
                .execute(
                        new RangeQuery.Parameters(selector, lastDay, Order.OLDEST_FIRST),
                        "",
                        Long.MAX_VALUE,
                        budget.open(""))
                .map(chunk -> QueryReadingsResponse.newBuilder()
                        .addAllSeries(messages.columns(chunk.columns()))
                        .build()
                        .toByteArray())
                .collect()
                .with(Collectors.summingLong(bytes -> bytes.length))
                .await()
                .indefinitely();
    }

    @Benchmark
    public long windows() {
        var noQuantiles = new double[0];
        return aggregateQuery
                .windows(
                        new AggregateQuery.WindowParameters(
                                selector,
                                new TimeRange(0, (long) DAYS * DAY * SECOND),
                                FixedWindows.startingAtEpoch(60 * SECOND),
                                noQuantiles,
                                false,
                                Grouping.BY_SERIES,
                                false),
                        budget.open(""))
                .map(windows ->
                        QueryMessages.windows(windows, functions, noQuantiles).toByteArray())
                .collect()
                .with(Collectors.summingLong(bytes -> bytes.length))
                .await()
                .indefinitely();
    }
}
