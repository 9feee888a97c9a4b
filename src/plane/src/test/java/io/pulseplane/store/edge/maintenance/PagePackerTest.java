package io.pulseplane.store.edge.maintenance;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.tables.ChunkTable;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PagePackerTest {

    private static final int PAGE = 1_024;

    @TempDir
    Path directory;

    private final List<ChunkTable.NewChunk> chunks = new ArrayList<>();

    @BeforeEach
    void create_chunks_of_patients_with_the_same_kind_of_monitor() {
        var random = new SplittableRandom(1);
        for (int series = 0; series < 350; series++) {
            int length = List.of(880, 190, 180, 170, 1_270, 1_120, 1_340).get(series % 7) + random.nextInt(20);
            chunks.add(new ChunkTable.NewChunk(
                    series, 1_790_000_000_000_000L, 1_790_080_000_000_000L, 900, new byte[length]));
        }
    }

    @Test
    void every_chunk_is_returned_once() {
        assertThat(new PagePacker(PAGE).inPackingOrder(chunks)).containsExactlyInAnyOrderElementsOf(chunks);
        assertThat(new PagePacker(PAGE).inPackingOrder(List.of())).isEmpty();
    }

    @Test
    void packed_chunks_take_fewer_pages_than_unpacked_ones() throws SQLException {
        long unpackedPages = pagesOf("unpacked.db", chunks);
        assertThat(pagesOf("packed.db", new PagePacker(PAGE).inPackingOrder(chunks)))
                .isLessThan(unpackedPages * 95 / 100);
    }

    private long pagesOf(String name, List<ChunkTable.NewChunk> ordered) throws SQLException {
        var file = directory.resolve(name);
        try (var session = new Database(file).openForWriting()) {
            session.execute("CREATE TABLE chunk (number INTEGER PRIMARY KEY, series INTEGER, first_us INTEGER,"
                    + " last_us INTEGER, count INTEGER, payload BLOB)");
            session.inTransaction(() -> {
                for (var chunk : ordered) {
                    ChunkTable.insert(session, chunk);
                }
            });
            assertThat(session.pragma("page_size")).isEqualTo(PAGE);
            return session.pragma("page_count");
        }
    }
}
