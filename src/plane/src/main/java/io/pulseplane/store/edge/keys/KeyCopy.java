package io.pulseplane.store.edge.keys;

import io.pulseplane.files.PrivateFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The file {@code keys.copy}: each wrapped key of {@code keys.db} a second time, so that damage to one of the files
 * loses no patient. It is no database: damage to a part of it loses the slots of that part only.
 *
 * <pre>
 * slot of 128 bytes, at 128 times the number of its owner
 *   1 byte   0: empty; 1: a key; 2: the key was destroyed
 *   8 bytes  the owner
 *   1 byte   length of the content
 *   content  of a key: 8 bytes id of the node key, and the wrapped key; of a destroyed one: 8 bytes time, and the tag
 *   4 bytes  CRC-32C of what is before, at the end of the slot
 * </pre>
 *
 * Numbers are big-endian. A key is in {@code keys.db} before it is here, and is destroyed here before it is there.
 */
public final class KeyCopy implements AutoCloseable {

    private static final int SLOT_BYTES = 128;
    private static final int HEADER_BYTES = 1 + Long.BYTES + 1;
    private static final int CHECKSUM_AT = SLOT_BYTES - Integer.BYTES;
    private static final int NODE_KEY_ID_BYTES = 8;

    private static final byte KEY = 1;
    private static final byte DESTROYED = 2;

    /** What a slot holds. */
    public sealed interface Slot {

        /** Nothing, or something that is damaged. */
        record Empty() implements Slot {}

        /** @param nodeKey the id of the node key under which the key is wrapped */
        record Key(String nodeKey, byte[] wrapped) implements Slot {

            boolean equals(String otherNodeKey, byte[] otherWrapped) {
                return nodeKey.equals(otherNodeKey) && Arrays.equals(wrapped, otherWrapped);
            }
        }

        record Destroyed(byte[] idTag, long time) implements Slot {}
    }

    private static final Slot EMPTY = new Slot.Empty();

    private final FileChannel channel;

    private KeyCopy(FileChannel channel) {
        this.channel = channel;
    }

    static Path beside(Path keys) {
        return keys.resolveSibling("keys.copy");
    }

    static KeyCopy openForWriting(Path file) throws IOException {
        boolean isNew = Files.notExists(file);
        var copy = new KeyCopy(
                PrivateFiles.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
        if (isNew) {
            PrivateFiles.syncDirectory(file.toAbsolutePath().getParent());
        }
        return copy;
    }

    /** A plane may have the file open meanwhile. */
    public static KeyCopy openForReading(Path file) throws IOException {
        return new KeyCopy(FileChannel.open(file, StandardOpenOption.READ));
    }

    public long slots() throws IOException {
        return channel.size() / SLOT_BYTES;
    }

    public Slot read(long owner) throws IOException {
        var slot = ByteBuffer.allocate(SLOT_BYTES);
        while (slot.hasRemaining()) {
            if (channel.read(slot, owner * SLOT_BYTES + slot.position()) < 0) {
                return EMPTY;
            }
        }
        slot.flip();
        byte kind = slot.get();
        boolean isWhole = slot.getLong() == owner && slot.getInt(CHECKSUM_AT) == checksum(slot.array());
        int length = Byte.toUnsignedInt(slot.get());
        if (!isWhole || length < Long.BYTES || HEADER_BYTES + length > CHECKSUM_AT) {
            return EMPTY;
        }
        var content = Arrays.copyOfRange(slot.array(), HEADER_BYTES, HEADER_BYTES + length);
        var rest = Arrays.copyOfRange(content, Long.BYTES, length);
        return switch (kind) {
            case KEY -> new Slot.Key(HexFormat.of().formatHex(content, 0, NODE_KEY_ID_BYTES), rest);
            case DESTROYED -> new Slot.Destroyed(rest, slot.getLong(HEADER_BYTES));
            default -> EMPTY;
        };
    }

    private static int checksum(byte[] slot) {
        var checksum = new CRC32C();
        checksum.update(slot, 0, CHECKSUM_AT);
        return (int) checksum.getValue();
    }

    /** Writes keys of owners that follow one another, and syncs. */
    void putKeys(long firstOwner, String nodeKey, List<byte[]> wrapped) throws IOException {
        var slots = ByteBuffer.allocate(wrapped.size() * SLOT_BYTES);
        for (int i = 0; i < wrapped.size(); i++) {
            var content = ByteBuffer.allocate(NODE_KEY_ID_BYTES + wrapped.get(i).length)
                    .put(HexFormat.of().parseHex(nodeKey))
                    .put(wrapped.get(i));
            slots.put(slot(KEY, firstOwner + i, content.array()));
        }
        write(firstOwner, slots.flip());
    }

    /** Overwrites the key of an owner, and syncs. */
    void putDestroyed(KeyVault.DestroyedKey key) throws IOException {
        var content = ByteBuffer.allocate(Long.BYTES + key.idTag().length)
                .putLong(key.time())
                .put(key.idTag());
        write(key.owner(), ByteBuffer.wrap(slot(DESTROYED, key.owner(), content.array())));
    }

    /** Empties a slot, and syncs. */
    void clear(long owner) throws IOException {
        write(owner, ByteBuffer.allocate(SLOT_BYTES));
    }

    void truncate(long slots) throws IOException {
        channel.truncate(slots * SLOT_BYTES);
    }

    private static byte[] slot(byte kind, long owner, byte[] content) {
        var slot = ByteBuffer.allocate(SLOT_BYTES)
                .put(kind)
                .putLong(owner)
                .put((byte) content.length)
                .put(content);
        slot.putInt(CHECKSUM_AT, checksum(slot.array()));
        return slot.array();
    }

    private void write(long firstOwner, ByteBuffer slots) throws IOException {
        long position = firstOwner * SLOT_BYTES;
        while (slots.hasRemaining()) {
            position += channel.write(slots, position);
        }
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
