package io.pulseplane.loadtest.stores;

import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Uni;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** The plane's edge store, without gate and gRPC. */
final class Edge implements BenchmarkedStore {

    private static final int PAGE = 8_192;
    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    private final Path directory;
    private final EdgeStore store;
    private long sequence;

    Edge(Path directory) {
        this.directory = directory;
        this.store = EdgeStore.open(directory, 2, () -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()));
    }

    @Override
    public String durability() {
        return "synced, encrypted; duplicates are recognised";
    }

    @Override
    public void append(List<SeriesRun> group) {
        await(store.readings().append(group.stream().map(this::batch).toList()));
    }

    private ScreenedBatch batch(SeriesRun run) {
        var series = series(run.series());
        var block = new ScreenedBatch.Block(new Columns(series, run.times(), run.values()), null);
        return new ScreenedBatch(series.device(), series.patient(), ++sequence, sequence, List.of(block), 0, List.of());
    }

    private static Series series(int number) {
        return new Series("patient-" + number, "device-" + number, "8867-4", "/min");
    }

    @Override
    public void compact() {
        await(store.compact());
    }

    @Override
    public long bytes() throws Exception {
        return Files.size(directory.resolve("pulseplane.db")) + Files.size(directory.resolve("keys.db"));
    }

    @Override
    public int countReadings(int series, long from, long to) {
        int count = 0;
        for (var remaining = new TimeRange(from, to); ; ) {
            var columns = await(store.readings().read(series(series), remaining, Order.OLDEST_FIRST, PAGE));
            count += columns.size();
            if (columns.size() < PAGE) {
                return count;
            }
            remaining = new TimeRange(columns.lastTime() + 1, to);
        }
    }

    @Override
    public int minuteWindows(int series, long from, long to) {
        int count = 0;
        for (var remaining = new TimeRange(from, to); ; ) {
            var windows = await(store.readings()
                    .aggregate(
                            series(series), remaining, ValueRange.ALL, FixedWindows.startingAtEpoch(MINUTE_US), PAGE));
            count += windows.size();
            if (windows.size() < PAGE) {
                return count;
            }
            remaining = new TimeRange((windows.windowIndexes()[PAGE - 1] + 1) * MINUTE_US, to);
        }
    }

    private static <T> T await(Uni<T> result) {
        return result.await().atMost(TIMEOUT);
    }

    @Override
    public void close() {
        store.close();
    }
}
