package io.pulseplane.node.backup;

import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.store.edge.backup.Backup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The files of an audit trail, which a plane may write meanwhile. The signed end comes first, so that the segments have
 * everything that it covers.
 */
record TrailFiles(Path directory) implements Backup.Trail {

    /** The key that signs the trail is a secret, and a file that is being written is no part of the trail yet. */
    private static boolean isPart(String name) {
        return !name.equals(Backups.SIGNING_KEY) && !name.endsWith(".new");
    }

    @Override
    public Map<String, Path> files() throws IOException {
        var files = new LinkedHashMap<String, Path>();
        if (Files.isDirectory(directory)) {
            var trail = new AuditDirectory(directory);
            for (var first : new Path[] {trail.headFile(), trail.retiredFile()}) {
                if (Files.exists(first)) {
                    files.put(name(first), first);
                }
            }
            try (var entries = Files.list(directory)) {
                entries.filter(Files::isRegularFile)
                        .filter(file -> isPart(file.getFileName().toString()))
                        .sorted()
                        .forEach(file -> files.putIfAbsent(name(file), file));
            }
        }
        return files;
    }

    private static String name(Path file) {
        return Backups.AUDIT + "/" + file.getFileName();
    }
}
