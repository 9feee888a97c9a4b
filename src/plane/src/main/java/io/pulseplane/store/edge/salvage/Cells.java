package io.pulseplane.store.edge.salvage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Reads the cells of a page of a table or an index. Every method throws {@link IndexOutOfBoundsException} or {@link
 * IllegalArgumentException} if the bytes cannot be what SQLite wrote.
 */
final class Cells {

    static final int TABLE_LEAF = 13;
    static final int TABLE_INTERIOR = 5;
    static final int INDEX_LEAF = 10;
    static final int INDEX_INTERIOR = 2;

    /** No row of a store is as long. */
    private static final int MAX_PAYLOAD_BYTES = 64 << 20;

    private final PageFile file;
    private final int number;
    private final ByteBuffer page;
    private final int header;

    /** Where the next number of variable length is read. */
    private int at;

    Cells(PageFile file, int number) {
        this.file = file;
        this.number = number;
        this.page = file.page(number);
        // The first page begins with the header of the file.
        this.header = number == 1 ? 100 : 0;
    }

    int type() {
        return page.get(header);
    }

    boolean isTree() {
        return switch (type()) {
            case TABLE_LEAF, TABLE_INTERIOR, INDEX_LEAF, INDEX_INTERIOR -> true;
            default -> false;
        };
    }

    boolean isInterior() {
        return type() == TABLE_INTERIOR || type() == INDEX_INTERIOR;
    }

    int count() {
        int count = Short.toUnsignedInt(page.getShort(header + 3));
        if (count > file.pageBytes() / 2) {
            throw new IllegalArgumentException("page " + number + " has too many cells");
        }
        return count;
    }

    private int cell(int index) {
        return Short.toUnsignedInt(page.getShort(header + (isInterior() ? 12 : 8) + 2 * index));
    }

    /** The pages below this one. */
    List<Integer> children() {
        var children = new ArrayList<Integer>();
        if (isInterior()) {
            for (int i = 0; i < count(); i++) {
                children.add(page.getInt(cell(i)));
            }
            children.add(page.getInt(header + 8));
        }
        return children;
    }

    /** A row of a table. Its number is 0 in an index. */
    record Row(long number, List<Object> values) {}

    /** The row or the entry in a cell: each value a Long, Double, String or byte[], or null. */
    Row row(int index) {
        at = cell(index);
        if (type() == INDEX_INTERIOR) {
            at += 4;
        }
        int length = Math.toIntExact(varint(page));
        long rowNumber = type() == TABLE_LEAF ? varint(page) : 0;
        return new Row(rowNumber, values(payload(length)));
    }

    private ByteBuffer payload(int length) {
        if (length < 0 || length > MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException("a payload is too long");
        }
        int usable = file.pageBytes();
        int most = type() == TABLE_LEAF ? usable - 35 : (usable - 12) * 64 / 255 - 23;
        int here = length;
        if (length > most) {
            int least = (usable - 12) * 32 / 255 - 23;
            int rest = least + (length - least) % (usable - 4);
            here = rest <= most ? rest : least;
        }
        var payload = new byte[length];
        page.get(at, payload, 0, here);
        if (here < length) {
            int next = page.getInt(at + here);
            for (int to = here; to < length; to += usable - 4) {
                var overflow = file.page(next);
                overflow.get(4, payload, to, Math.min(usable - 4, length - to));
                next = overflow.getInt(0);
            }
        }
        return ByteBuffer.wrap(payload);
    }

    private List<Object> values(ByteBuffer payload) {
        at = 0;
        int headerEnd = Math.toIntExact(varint(payload));
        int value = headerEnd;
        var values = new ArrayList<>();
        while (at < headerEnd) {
            long type = varint(payload);
            int bytes = bytesOf(type);
            values.add(value(payload, type, value, bytes));
            value += bytes;
        }
        return values;
    }

    private static int bytesOf(long type) {
        return switch (Math.toIntExact(Math.min(type, 12))) {
            case 0, 8, 9 -> 0;
            case 1, 2, 3, 4 -> (int) type;
            case 5 -> 6;
            case 6, 7 -> 8;
            case 12 -> Math.toIntExact((type - 12) / 2);
            default -> throw new IllegalArgumentException("there is no such type of value");
        };
    }

    private static Object value(ByteBuffer payload, long type, int at, int bytes) {
        if (type == 0) {
            return null;
        }
        if (type == 7) {
            return payload.getDouble(at);
        }
        if (type < 12) {
            long value = type == 9 ? 1 : 0;
            for (int i = 0; i < bytes; i++) {
                value = i == 0 ? payload.get(at) : value << 8 | Byte.toUnsignedInt(payload.get(at + i));
            }
            return value;
        }
        Objects.checkFromIndexSize(at, bytes, payload.capacity());
        var content = new byte[bytes];
        payload.get(at, content);
        return type % 2 == 0 ? content : new String(content, StandardCharsets.UTF_8);
    }

    private long varint(ByteBuffer bytes) {
        long value = 0;
        for (int i = 0; i < 8; i++) {
            byte next = bytes.get(at++);
            value = value << 7 | (next & 0x7f);
            if (next >= 0) {
                return value;
            }
        }
        return value << 8 | Byte.toUnsignedInt(bytes.get(at++));
    }
}
