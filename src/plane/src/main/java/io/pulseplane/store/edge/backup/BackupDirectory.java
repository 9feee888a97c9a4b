package io.pulseplane.store.edge.backup;

import io.pulseplane.store.edge.backup.Manifest.Content;
import io.pulseplane.store.edge.backup.Manifest.Link;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The directory of the backups of one store, and the names of its files. */
record BackupDirectory(Path path) {

    static final String MANIFEST = "manifest";
    static final String INDEX = "index";
    static final String BLOCKS = "blocks";
    static final String KEYS = "keys";

    private static final Pattern NAME = Pattern.compile("([0-9]{6})\\.(manifest|index|blocks|keys)(\\.new)?");

    /** A manifest has some hundred bytes; a longer file is none. */
    private static final long MAX_MANIFEST_BYTES = 1 << 20;

    Path file(int number, String kind) {
        return path.resolve("%06d.%s".formatted(number, kind));
    }

    private Path pruned() {
        return path.resolve("pruned");
    }

    /** All files whose names are those of backups, by the number of the backup. */
    NavigableMap<Integer, List<Path>> files() throws IOException {
        var files = new TreeMap<Integer, List<Path>>();
        try (var entries = Files.list(path)) {
            entries.sorted().forEach(file -> {
                var name = NAME.matcher(file.getFileName().toString());
                if (name.matches()) {
                    files.computeIfAbsent(Integer.valueOf(name.group(1)), _ -> new ArrayList<>())
                            .add(file);
                }
            });
        }
        return files;
    }

    /**
     * All backups, by number.
     *
     * @throws PlaneException.DataLoss if a manifest is damaged
     */
    NavigableMap<Integer, Manifest> manifests() throws IOException {
        var manifests = new TreeMap<Integer, Manifest>();
        for (int number : files().keySet()) {
            var file = file(number, MANIFEST);
            if (Files.exists(file)) {
                manifests.put(number, manifest(number).orElseThrow(() -> damaged(file)));
            }
        }
        return manifests;
    }

    /** Empty if the manifest is damaged, or is another backup's. */
    Optional<Manifest> manifest(int number) throws IOException {
        var file = file(number, MANIFEST);
        return Files.size(file) > MAX_MANIFEST_BYTES
                ? Optional.empty()
                : Manifest.decode(Files.readAllBytes(file)).filter(manifest -> manifest.number() == number);
    }

    /** @throws PlaneException.DataLoss if the index is damaged or missing */
    BlockIndex index(Manifest manifest) throws IOException {
        var file = file(manifest.number(), INDEX);
        var bytes = read(file, manifest.index());
        return BlockIndex.decode(bytes);
    }

    /** @throws PlaneException.DataLoss if the file is not as the manifest says */
    byte[] read(Path file, Content expected) throws IOException {
        if (Files.notExists(file)) {
            throw new PlaneException.DataLoss(file.getFileName() + " is missing");
        }
        if (Files.size(file) == expected.bytes()) {
            var bytes = Files.readAllBytes(file);
            if (Sha256.hex(bytes).equals(expected.digest())) {
                return bytes;
            }
        }
        throw damaged(file);
    }

    static PlaneException.DataLoss damaged(Path file) {
        return new PlaneException.DataLoss(file.getFileName() + " is damaged");
    }

    /**
     * The backups that were removed, with the digests of their manifests.
     *
     * @throws PlaneException.DataLoss if the list is damaged
     */
    List<Link> removed() throws IOException {
        if (Files.notExists(pruned())) {
            return List.of();
        }
        return Sha256.withoutDigest(Files.readAllBytes(pruned()))
                .orElseThrow(() -> damaged(pruned()))
                .lines()
                .map(line -> line.split(" ", 2))
                .map(words -> new Link(Integer.parseInt(words[0]), words[1]))
                .toList();
    }

    void writeRemoved(Disk disk, List<Link> removed) throws IOException {
        var text = new StringBuilder();
        removed.forEach(link ->
                text.append(link.number()).append(' ').append(link.digest()).append('\n'));
        disk.replace(pruned(), Sha256.withDigest(text.toString()));
    }

    /** Deletes the rest of backups that were interrupted or removed, but no keys: there may be no others. */
    void deleteLeftovers(Disk disk) throws IOException {
        for (var backup : files().entrySet()) {
            boolean exists = Files.exists(file(backup.getKey(), MANIFEST));
            for (var file : backup.getValue()) {
                var name = file.getFileName().toString();
                if (name.endsWith(".new") || (!exists && !name.endsWith("." + KEYS))) {
                    disk.delete(file);
                }
            }
        }
        disk.syncDirectory(path);
    }

    /** Deletes all keys but those of the newest backup. */
    void deleteOldKeys(Disk disk, int newest) throws IOException {
        for (int number : files().keySet()) {
            if (number != newest) {
                disk.delete(file(number, KEYS));
            }
        }
        disk.syncDirectory(path);
    }

    /** The backups whose manifests are whole. */
    NavigableMap<Integer, Manifest> wholeManifests() throws IOException {
        var manifests = new TreeMap<Integer, Manifest>();
        for (int number : files().keySet()) {
            if (Files.exists(file(number, MANIFEST))) {
                manifest(number).ifPresent(manifest -> manifests.put(number, manifest));
            }
        }
        return manifests;
    }

    /** The number of the newest backup that has keys. */
    OptionalInt newestKeys() throws IOException {
        return files().keySet().stream()
                .filter(number -> Files.exists(file(number, KEYS)))
                .mapToInt(Integer::intValue)
                .max();
    }
}
