package io.pulseplane.store.edge.backup;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** The files of a backup, and where their blocks are: 48 bytes for a block of up to {@value #BLOCK_BYTES} bytes. */
record BlockIndex(List<BackedUpFile> files) {

    /** Small, because a changed page costs a whole block; larger than a page, because a block costs an entry. */
    static final int BLOCK_BYTES = 64 << 10;

    private static final int FORMAT = 1;

    /**
     * A part of a file.
     *
     * @param backup the number of the backup whose blocks it is among
     * @param offset where it begins there
     */
    record Block(byte[] digest, int backup, long offset, int length) {}

    /** @param name with slashes, relative to the data directory */
    record BackedUpFile(String name, List<Block> blocks) {

        BackedUpFile {
            blocks = List.copyOf(blocks);
        }
    }

    BlockIndex {
        files = List.copyOf(files);
    }

    Optional<BackedUpFile> file(String name) {
        return files.stream().filter(file -> file.name.equals(name)).findFirst();
    }

    /** The backups that have blocks of this one. */
    SortedSet<Integer> backups() {
        var numbers = new TreeSet<Integer>();
        files.forEach(file -> file.blocks.forEach(block -> numbers.add(block.backup)));
        return numbers;
    }

    /** The blocks that this backup itself has, in the order in which they were written. */
    List<Block> blocksOf(int backup) {
        return files.stream()
                .flatMap(file -> file.blocks.stream())
                .filter(block -> block.backup == backup)
                .toList();
    }

    byte[] encode() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(FORMAT);
            out.writeInt(files.size());
            for (var file : files) {
                out.writeUTF(file.name);
                out.writeInt(file.blocks.size());
                for (var block : file.blocks) {
                    out.write(block.digest);
                    out.writeInt(block.backup);
                    out.writeLong(block.offset);
                    out.writeInt(block.length);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** @throws IOException if these are no index; who calls has checked the digest of the bytes */
    static BlockIndex decode(byte[] bytes) throws IOException {
        var in = new DataInputStream(new ByteArrayInputStream(bytes));
        if (in.readInt() != FORMAT) {
            throw new IOException("the index was written by another version");
        }
        var files = new ArrayList<BackedUpFile>();
        for (int left = in.readInt(); left > 0; left--) {
            var name = in.readUTF();
            var blocks = new ArrayList<Block>();
            for (int blocksLeft = in.readInt(); blocksLeft > 0; blocksLeft--) {
                blocks.add(new Block(in.readNBytes(Sha256.BYTES), in.readInt(), in.readLong(), in.readInt()));
            }
            files.add(new BackedUpFile(name, blocks));
        }
        return new BlockIndex(files);
    }
}
