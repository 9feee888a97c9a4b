package io.pulseplane.store.edge.backup;

import io.pulseplane.store.edge.backup.BlockIndex.Block;
import io.pulseplane.store.edge.backup.Manifest.Link;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Reads all backups of a directory, and reports every file that is not as it was written. It needs no key. */
public final class BackupCheck {

    /**
     * @param bytes how much was read
     * @param findings empty if every backup can be restored
     * @param notes what is no fault, such as the files of a backup that was interrupted
     */
    public record Report(List<Manifest> backups, long bytes, List<String> findings, List<String> notes) {

        public boolean isIntact() {
            return findings.isEmpty();
        }
    }

    private final BackupDirectory directory;
    private final List<String> findings = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final NavigableMap<Integer, Manifest> manifests = new TreeMap<>();
    private long bytes;

    private BackupCheck(BackupDirectory directory) {
        this.directory = directory;
    }

    /** @throws PlaneException.NotFound if there is no backup */
    public static Report check(Path from) {
        try {
            return new BackupCheck(new BackupDirectory(from)).check();
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the backups cannot be read: " + e.getMessage(), e);
        }
    }

    /** @throws PlaneException.NotFound if there is no backup */
    public static List<Manifest> list(Path from) {
        try {
            var manifests = new BackupDirectory(requireDirectory(from)).manifests();
            if (manifests.isEmpty()) {
                throw noBackup();
            }
            return List.copyOf(manifests.values());
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the backups cannot be read: " + e.getMessage(), e);
        }
    }

    static Path requireDirectory(Path from) {
        if (!Files.isDirectory(from)) {
            throw noBackup();
        }
        return from;
    }

    static PlaneException.NotFound noBackup() {
        return new PlaneException.NotFound("there is no backup in this directory");
    }

    private Report check() throws IOException {
        requireDirectory(directory.path());
        var files = directory.files();
        if (files.isEmpty()) {
            throw noBackup();
        }
        var removed = removed();
        for (int number : files.keySet()) {
            checkManifest(number, removed.stream().anyMatch(link -> link.number() == number));
        }
        for (var manifest : manifests.values()) {
            checkChain(manifest, removed);
            checkContent(manifest);
        }
        if (manifests.isEmpty()) {
            findings.add("no backup has a manifest that can be read");
        } else {
            var newest = manifests.lastEntry().getValue();
            part(() -> directory.read(directory.file(newest.number(), BackupDirectory.KEYS), newest.keys()));
            bytes += newest.keys().bytes();
        }
        return new Report(List.copyOf(manifests.values()), bytes, List.copyOf(findings), List.copyOf(notes));
    }

    private interface Part {
        void run() throws IOException;
    }

    private void part(Part part) throws IOException {
        try {
            part.run();
        } catch (PlaneException.DataLoss e) {
            findings.add(e.getMessage());
        }
    }

    private List<Link> removed() throws IOException {
        var removed = new ArrayList<Link>();
        part(() -> removed.addAll(directory.removed()));
        return removed;
    }

    private void checkManifest(int number, boolean isRemoved) throws IOException {
        var file = directory.file(number, BackupDirectory.MANIFEST);
        if (Files.notExists(file)) {
            notes.add("backup " + number
                    + (isRemoved ? " was removed" : " was interrupted, or its manifest was removed")
                    + ": the next backup deletes the rest of it");
            return;
        }
        directory
                .manifest(number)
                .ifPresentOrElse(
                        manifest -> manifests.put(number, manifest),
                        () -> findings.add(BackupDirectory.damaged(file).getMessage()));
    }

    private void checkChain(Manifest manifest, List<Link> removed) {
        if (manifest.previous().isEmpty()) {
            return;
        }
        var previous = manifest.previous().get();
        var found = manifests.get(previous.number());
        if (found == null ? !removed.contains(previous) : !found.digest().equals(previous.digest())) {
            findings.add("backup " + manifest.number() + " follows backup " + previous.number()
                    + (found == null ? ", which is missing or damaged" : ", which was replaced by another one"));
        }
        for (int used : manifest.uses()) {
            if (!manifests.containsKey(used)) {
                findings.add("backup " + manifest.number() + " needs backup " + used + ", which is missing or damaged");
            }
        }
    }

    private void checkContent(Manifest manifest) throws IOException {
        part(() -> {
            var blocks = directory.index(manifest).blocksOf(manifest.number());
            bytes += manifest.index().bytes() + manifest.blockBytes();
            checkBlocks(directory.file(manifest.number(), BackupDirectory.BLOCKS), blocks, manifest.blockBytes());
        });
    }

    private void checkBlocks(Path file, List<Block> blocks, long expectedBytes) throws IOException {
        if (Files.notExists(file)) {
            throw new PlaneException.DataLoss(file.getFileName() + " is missing");
        }
        try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() != expectedBytes) {
                throw BackupDirectory.damaged(file);
            }
            for (var block : blocks) {
                read(channel, file, block);
            }
        }
    }

    /** @throws PlaneException.DataLoss if the block is not as it was written */
    static byte[] read(FileChannel channel, Path file, Block block) throws IOException {
        var buffer = ByteBuffer.allocate(block.length());
        while (buffer.hasRemaining() && channel.read(buffer, block.offset() + buffer.position()) >= 0) {
            // until all is read, or the file ends
        }
        if (buffer.hasRemaining() || !Arrays.equals(Sha256.create().digest(buffer.array()), block.digest())) {
            throw BackupDirectory.damaged(file);
        }
        return buffer.array();
    }
}
