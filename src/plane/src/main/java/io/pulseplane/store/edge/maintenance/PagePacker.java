package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.tables.ChunkTable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;

/**
 * The order in which chunks are inserted so that their rows fill the pages they lie in. SQLite puts a row that comes last on
 * the last page, or begins another; where many series have little each, pages would be left a sixth empty.
 *
 * <p>Reckons with the part of a row that stays on its page, as SQLite's file format has it ("B-tree Cell Format"). Were that
 * wrong, nothing but room would be lost.
 */
final class PagePacker {

    /** What is on a page besides its rows. */
    private static final int PAGE_HEADER_BYTES = 8;

    /** The columns of a row beside the payload, its own header, and where it lies on the page. */
    private static final int ROW_OVERHEAD_BYTES = 34;

    private static final int OVERFLOW_POINTER_BYTES = 4;

    private final int pageBytes;

    PagePacker(int pageBytes) {
        this.pageBytes = pageBytes;
    }

    /** The same chunks: whatever is longest goes first, and then what is longest of what still fits. */
    List<ChunkTable.NewChunk> inPackingOrder(List<ChunkTable.NewChunk> chunks) {
        var byLength = new TreeMap<Integer, Deque<ChunkTable.NewChunk>>();
        for (var chunk : chunks) {
            byLength.computeIfAbsent(bytesOnPage(chunk), _ -> new ArrayDeque<>())
                    .add(chunk);
        }
        var ordered = new ArrayList<ChunkTable.NewChunk>(chunks.size());
        int left = pageBytes - PAGE_HEADER_BYTES;
        while (!byLength.isEmpty()) {
            var fitting = byLength.floorEntry(left);
            if (fitting == null) {
                left = pageBytes - PAGE_HEADER_BYTES;
                fitting = byLength.lastEntry();
            }
            ordered.add(fitting.getValue().remove());
            left -= fitting.getKey();
            if (fitting.getValue().isEmpty()) {
                byLength.remove(fitting.getKey());
            }
        }
        return ordered;
    }

    /** A row that is too long leaves on its page what does not fill a page of its own. */
    private int bytesOnPage(ChunkTable.NewChunk chunk) {
        int length = chunk.payload().length + ROW_OVERHEAD_BYTES;
        if (length <= pageBytes - 35) {
            return length;
        }
        int least = (pageBytes - 12) * 32 / 255 - 23;
        int rest = least + (length - least) % (pageBytes - OVERFLOW_POINTER_BYTES);
        return (rest <= pageBytes - 35 ? rest : least) + OVERFLOW_POINTER_BYTES;
    }
}
