package io.pulseplane.store.edge;

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
final class Filling {

    /** What is on a page besides its rows. */
    private static final int PAGE_HEADER = 8;

    /** The columns of a row beside the payload, its own header, and where it lies on the page. */
    private static final int ROW = 34;

    private static final int POINTER = 4;

    private final int page;

    Filling(int pageBytes) {
        this.page = pageBytes;
    }

    /** The same chunks: whatever is longest goes first, and then what is longest of what still fits. */
    List<ChunkRows.Fresh> order(List<ChunkRows.Fresh> chunks) {
        var byLength = new TreeMap<Integer, Deque<ChunkRows.Fresh>>();
        for (var chunk : chunks) {
            byLength.computeIfAbsent(onPage(chunk), _ -> new ArrayDeque<>()).add(chunk);
        }
        var ordered = new ArrayList<ChunkRows.Fresh>(chunks.size());
        int left = page - PAGE_HEADER;
        while (!byLength.isEmpty()) {
            var fitting = byLength.floorEntry(left);
            if (fitting == null) {
                left = page - PAGE_HEADER;
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
    private int onPage(ChunkRows.Fresh chunk) {
        int length = chunk.payload().length + ROW;
        if (length <= page - 35) {
            return length;
        }
        int least = (page - 12) * 32 / 255 - 23;
        int rest = least + (length - least) % (page - POINTER);
        return (rest <= page - 35 ? rest : least) + POINTER;
    }
}
