package io.pulseplane.store.edge.journal;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.randomColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.maintenance.FullDiskPolicy;
import io.pulseplane.store.edge.maintenance.Retention;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a start needs no more memory for a long journal than for a short one. */
class JournalReplayTest {

    private static final Series ADA = series("ada", "d1", HEART_RATE);
    private static final int BATCHES = 50;
    private static final long PIECE_BYTES = 8 * 1024;

    @TempDir
    Path directory;

    private EdgeStore open(long compactAfterBytes) {
        var settings = new EdgeSettings(
                1,
                Optional.empty(),
                List.of(),
                compactAfterBytes,
                Duration.ofDays(1),
                Retention.UNLIMITED,
                OptionalLong.empty(),
                FullDiskPolicy.REFUSE,
                Access.OWNER,
                Optional.empty());
        return EdgeStore.open(directory, settings, () -> 1_763_000_000_000_000L);
    }

    private List<Columns> append() {
        var random = new SplittableRandom(5);
        var batches = new ArrayList<Columns>();
        var store = open(Long.MAX_VALUE / 32);
        for (int i = 1; i <= BATCHES; i++) {
            var columns = randomColumns(random, ADA, 200, 1_000_000_000L);
            batches.add(columns);
            await(store.readings().append(List.of(batch(i, columns))));
        }
        store.close();
        return batches;
    }

    @Test
    void the_journal_is_read_in_pieces_of_a_bounded_size() throws Exception {
        append();
        var nodeKey = KeyEncryptionKey.read(directory.resolve("node.key"));
        try (var vault = KeyVault.openForReading(new Database(directory.resolve("keys.db")), nodeKey);
                var session = new Database(directory.resolve("pulseplane.db")).openForReading()) {
            var replay = new JournalReplay(new Journal(vault), new LostBatches());
            long batches = 0;
            int pieces = 0;
            boolean isWhole = false;
            while (!isWhole) {
                var memtable = new Memtable();
                isWhole = replay.read(session, memtable, PIECE_BYTES, Long.MAX_VALUE);
                assertThat(memtable.bytes()).isLessThan(2 * PIECE_BYTES);
                batches += memtable.batches();
                pieces++;
            }
            assertThat(batches).isEqualTo(BATCHES);
            assertThat(pieces).isGreaterThan(5);
        }
    }

    @Test
    void a_store_that_compacts_piece_by_piece_at_a_start_has_all_readings() {
        var expected = new MergeBuffer();
        append().forEach(columns -> expected.add(columns.times(), columns.values(), 0, columns.size()));
        var store = open(PIECE_BYTES);
        try {
            assertThat(await(store.readings().read(ADA, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                            .size())
                    .isEqualTo(expected.merge().size());
        } finally {
            store.close();
        }
    }
}
