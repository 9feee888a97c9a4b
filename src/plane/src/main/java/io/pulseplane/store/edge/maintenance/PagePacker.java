package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.tables.ChunkTable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;

/**
 * Sorts chunks so that their rows fill the pages of the database. SQLite puts a new row on the last page, or begins
 * another. With many series of few readings, a sixth of each page would stay empty.
 *
 * <p>It calculates the part of a row that stays on its page from SQLite's file format ("B-tree Cell Format"). If that
 * were wrong, the database would only be larger.
 */
final class PagePacker {

    /** The bytes of a page that are not for rows. */
    private static final int PAGE_HEADER_BYTES = 8;

    /** The bytes of a row beside its payload: the other columns, its header, and its pointer on the page. */
    private static final int ROW_OVERHEAD_BYTES = 34;

    private static final int OVERFLOW_POINTER_BYTES = 4;

    private final int pageBytes;

    PagePacker(int pageBytes) {
        this.pageBytes = pageBytes;
    }

    /** Orders chunks: the longest first, and then always the longest that still fits on the page. */
    List<ChunkTable.NewChunk> inPackingOrder(List<ChunkTable.NewChunk> chunks) {
        var byLength = new TreeMap<Integer, Deque<ChunkTable.NewChunk>>();
        for (var chunk : chunks) {
            byLength.computeIfAbsent(bytesOnPage(chunk), _ -> new ArrayDeque<>())
                    .add(chunk);
        }
        var ordered = new ArrayList<ChunkTable.NewChunk>(chunks.size());
        int freeBytes = pageBytes - PAGE_HEADER_BYTES;
        while (!byLength.isEmpty()) {
            var fitting = byLength.floorEntry(freeBytes);
            if (fitting == null) {
                freeBytes = pageBytes - PAGE_HEADER_BYTES;
                fitting = byLength.lastEntry();
            }
            ordered.add(fitting.getValue().remove());
            freeBytes -= fitting.getKey();
            if (fitting.getValue().isEmpty()) {
                byLength.remove(fitting.getKey());
            }
        }
        return ordered;
    }

    /** Of a row that is too long, only the part that does not fill overflow pages stays on its page. */
    private int bytesOnPage(ChunkTable.NewChunk chunk) {
        int length = chunk.payload().length + ROW_OVERHEAD_BYTES;
        if (length <= pageBytes - 35) {
            return length;
        }
        int minLocal = (pageBytes - 12) * 32 / 255 - 23;
        int local = minLocal + (length - minLocal) % (pageBytes - OVERFLOW_POINTER_BYTES);
        return (local <= pageBytes - 35 ? local : minLocal) + OVERFLOW_POINTER_BYTES;
    }
}
