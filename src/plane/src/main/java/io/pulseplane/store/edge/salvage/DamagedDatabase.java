package io.pulseplane.store.edge.salvage;

import io.pulseplane.store.edge.salvage.Cells.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The tables and indexes of a SQLite file in which pages may be damaged. A page is found from the root of its table
 * down, or, if a page between them is damaged, by the map in which SQLite notes the parent of each page.
 */
final class DamagedDatabase implements AutoCloseable {

    /** Deeper trees would need more rows than SQLite can have. */
    private static final int MAX_DEPTH = 40;

    private static final int MAP_ENTRY_BYTES = 5;
    private static final int MAP_TREE_PAGE = 5;
    private static final int MAP_ROOT = 1;

    private final PageFile file;

    /** The first page of each table and index. */
    private final Map<String, Integer> roots = new HashMap<>();

    private final Map<Integer, String> nameOfRoot = new HashMap<>();

    /** The table or index of each page that was found. */
    private final Map<Integer, String> owners = new TreeMap<>();

    private final Map<String, TreeSet<Integer>> damaged = new TreeMap<>();

    /** Pages with rows of a table that is unknown, and that may be left over. */
    private final List<Integer> orphans = new ArrayList<>();

    /** @param usualRoots the roots in a new database, in case that the file does not say them any more */
    DamagedDatabase(Path path, int defaultPageBytes, Map<String, Integer> usualRoots) throws IOException {
        file = PageFile.open(path, defaultPageBytes);
        roots.putAll(usualRoots);
        owners.put(1, "sqlite_schema");
        readSchema(1);
        roots.forEach((name, root) -> nameOfRoot.put(root, name));
        roots.forEach((name, root) -> walk(name, root, 0));
        findOrphans();
    }

    interface RowVisitor {
        void visit(Row row) throws SQLException;
    }

    private void readSchema(int page) {
        var cells = new Cells(file, page);
        if (cells.type() == Cells.TABLE_LEAF) {
            readableRows("sqlite_schema", page, cells).forEach(this::readSchema);
        } else if (page == 1 && cells.type() == Cells.TABLE_INTERIOR) {
            for (int child : cells.children()) {
                owners.put(child, "sqlite_schema");
                readSchema(child);
            }
        } else {
            addDamaged("sqlite_schema", page);
        }
    }

    private void readSchema(Row row) {
        var values = row.values();
        if (values.size() == 5 && values.get(1) instanceof String name && values.get(3) instanceof Long root) {
            roots.put(name, Math.toIntExact(root));
        }
    }

    private void walk(String name, int page, int depth) {
        if (page < 2 || page > file.pages() || depth > MAX_DEPTH || owners.putIfAbsent(page, name) != null) {
            return;
        }
        try {
            var cells = new Cells(file, page);
            if (!cells.isTree()) {
                addDamaged(name, page);
            }
            cells.children().forEach(child -> walk(name, child, depth + 1));
        } catch (IndexOutOfBoundsException | IllegalArgumentException _) {
            addDamaged(name, page);
        }
    }

    private void addDamaged(String name, int page) {
        damaged.computeIfAbsent(name, _ -> new TreeSet<>()).add(page);
    }

    private void findOrphans() {
        var found = new TreeMap<Integer, String>();
        for (int page = 2; page <= file.pages(); page++) {
            if (owners.containsKey(page) || isMap(page) || !new Cells(file, page).isTree()) {
                continue;
            }
            if (mapEntry(page).type == 0) {
                orphans.add(page);
                continue;
            }
            var name = ownerByMap(page);
            if (name != null) {
                found.put(page, name);
            }
        }
        owners.putAll(found);
    }

    /** Null if the page is left over: then an intact page above it does not know it, or it is free. */
    private String ownerByMap(int page) {
        int at = page;
        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            var entry = mapEntry(at);
            if (entry.type != MAP_TREE_PAGE) {
                return entry.type == MAP_ROOT ? nameOfRoot.get(at) : null;
            }
            at = entry.parent;
            var owner = owners.get(at);
            if (owner != null) {
                return damaged.getOrDefault(owner, new TreeSet<>()).contains(at) ? owner : null;
            }
        }
        return null;
    }

    private record MapEntry(int type, int parent) {}

    private int pagesPerMap() {
        return file.pageBytes() / MAP_ENTRY_BYTES + 1;
    }

    private boolean isMap(int page) {
        return (page - 2) % pagesPerMap() == 0;
    }

    private MapEntry mapEntry(int page) {
        if (page < 3 || page > file.pages()) {
            return new MapEntry(0, 0);
        }
        int map = (page - 2) / pagesPerMap() * pagesPerMap() + 2;
        int at = MAP_ENTRY_BYTES * (page - map - 1);
        var content = file.page(map);
        return at < 0 ? new MapEntry(0, 0) : new MapEntry(content.get(at), content.getInt(at + 1));
    }

    /** Visits all rows of a table, or entries of an index, that are found, in no order. */
    void visit(String name, RowVisitor visitor) throws SQLException {
        for (var owned : owners.entrySet()) {
            if (owned.getValue().equals(name)) {
                visitPage(name, owned.getKey(), visitor);
            }
        }
    }

    /** Visits rows of pages that may be left over, from any table. */
    void visitOrphans(RowVisitor visitor) throws SQLException {
        for (int page : orphans) {
            if (new Cells(file, page).type() == Cells.TABLE_LEAF) {
                visitPage("pages of no known table", page, visitor);
            }
        }
    }

    private void visitPage(String name, int page, RowVisitor visitor) throws SQLException {
        var cells = new Cells(file, page);
        if (!cells.isTree() || cells.type() == Cells.TABLE_INTERIOR) {
            return;
        }
        for (Row row : readableRows(name, page, cells)) {
            visitor.visit(row);
        }
    }

    private List<Row> readableRows(String name, int page, Cells cells) {
        var rows = new ArrayList<Row>();
        try {
            int count = cells.count();
            for (int i = 0; i < count; i++) {
                try {
                    rows.add(cells.row(i));
                } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException _) {
                    addDamaged(name, page);
                }
            }
        } catch (IndexOutOfBoundsException | IllegalArgumentException _) {
            addDamaged(name, page);
        }
        return rows;
    }

    /** The pages of a table or index that could not be read, as far as they were looked at. */
    Map<String, TreeSet<Integer>> damagedPages() {
        return damaged;
    }

    boolean isDamaged(String name) {
        return damaged.containsKey(name) || damaged.containsKey("sqlite_schema");
    }

    int damagedFrames() {
        return file.damagedFrames();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
