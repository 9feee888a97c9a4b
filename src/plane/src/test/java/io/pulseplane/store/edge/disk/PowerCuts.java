package io.pulseplane.store.edge.disk;

import io.pulseplane.store.edge.disk.TracedDisk.Operation;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Records what SQLite does to the files of a directory, and what was promised when; and shows what a disk may hold
 * after the power was cut at any moment of that: everything that was synced, and of the rest any part, torn at
 * {@value #SECTOR_BYTES} bytes. The index of the write-ahead log, which is made anew after a crash, is left out.
 */
public final class PowerCuts implements TracedDisk.Listener {

    private static final int SECTOR_BYTES = 512;

    private final Path directory;
    private final List<Event> events = new ArrayList<>();

    public PowerCuts(Path directory) {
        this.directory = directory;
    }

    private sealed interface Event {}

    private record Written(String file, long offset, byte[] bytes) implements Event {}

    private record Truncated(String file, long size) implements Event {}

    private record Synced(String file) implements Event {}

    private record Deleted(String file, boolean isDurable) implements Event {}

    private record Promised(Object promise) implements Event {}

    @Override
    public synchronized int before(Operation operation) {
        var path = Path.of(operation.file());
        if (directory.equals(path.getParent())) {
            var file = path.getFileName().toString();
            switch (operation) {
                case TracedDisk.Write write ->
                    events.add(new Written(file, write.offset(), write.bytes().toArray(ValueLayout.JAVA_BYTE)));
                case TracedDisk.Truncate truncate -> events.add(new Truncated(file, truncate.size()));
                case TracedDisk.Sync _ -> events.add(new Synced(file));
                case TracedDisk.Delete delete -> events.add(new Deleted(file, delete.syncsDirectory()));
                case TracedDisk.Open _, TracedDisk.Read _ -> {}
            }
        }
        return 0;
    }

    /** Notes that a caller has got a promise now. */
    public synchronized void promised(Object promise) {
        events.add(new Promised(promise));
    }

    public synchronized int moments() {
        return events.size();
    }

    /**
     * Writes files as they may be after a cut.
     *
     * @param moment how many events were before the cut
     * @return what was promised before
     */
    public synchronized List<Object> cut(int moment, SplittableRandom random, Path target) throws IOException {
        var files = new HashMap<String, CutFile>();
        var promises = new ArrayList<>();
        for (var event : events.subList(0, moment)) {
            switch (event) {
                case Written(var file, var _, var _) ->
                    fileOf(files, file).unsynced.add(event);
                case Truncated(var file, var _) -> fileOf(files, file).unsynced.add(event);
                case Synced(var file) -> {
                    if (fileOf(files, file).sync() && (file.endsWith("-wal") || file.endsWith("-journal"))) {
                        // With the first sync of such a file, SQLite syncs the directory.
                        files.values().forEach(CutFile::settleName);
                    }
                }
                case Deleted(var file, var isDurable) -> {
                    if (isDurable) {
                        files.remove(file);
                    } else {
                        fileOf(files, file).unsynced.add(event);
                    }
                }
                case Promised(var promise) -> promises.add(promise);
            }
        }
        for (var entry : files.entrySet()) {
            var content = entry.getValue().afterCut(random);
            if (content != null) {
                Files.write(target.resolve(entry.getKey()), content);
            }
        }
        return promises;
    }

    private static CutFile fileOf(Map<String, CutFile> files, String name) {
        return files.computeIfAbsent(name, _ -> new CutFile());
    }

    /** A file, of which some operations are synced. */
    private static final class CutFile {

        private final List<Event> unsynced = new ArrayList<>();

        /** Null if there is no such file. */
        private byte[] synced;

        private boolean isNameSynced;

        /** Returns whether it is the first time since the file was made. */
        boolean sync() {
            boolean isFirst = !isNameSynced || unsynced.stream().anyMatch(Deleted.class::isInstance);
            for (var event : unsynced) {
                synced = apply(synced, event);
            }
            unsynced.clear();
            if (synced == null) {
                synced = new byte[0];
            }
            isNameSynced = true;
            return isFirst;
        }

        /** The directory was synced: the last file of this name that was deleted is gone. */
        void settleName() {
            for (int i = unsynced.size() - 1; i >= 0; i--) {
                if (unsynced.get(i) instanceof Deleted) {
                    unsynced.subList(0, i + 1).clear();
                    synced = null;
                    isNameSynced = false;
                    return;
                }
            }
        }

        /** Null if there is no such file. */
        byte[] afterCut(SplittableRandom random) {
            var content = synced;
            // Sometimes all unsynced operations got to the disk, sometimes none, mostly some.
            double reached = random.nextInt(4) / 3.0;
            for (var event : unsynced) {
                if (event instanceof Deleted && random.nextDouble() >= reached) {
                    // The name still leads to the old file, and what came after went to a new one.
                    return content;
                }
                if (event instanceof Written(var file, var offset, var bytes)) {
                    for (int from = 0; from < bytes.length; from += SECTOR_BYTES) {
                        if (random.nextDouble() < reached) {
                            int to = Math.min(from + SECTOR_BYTES, bytes.length);
                            content = apply(
                                    content, new Written(file, offset + from, Arrays.copyOfRange(bytes, from, to)));
                        }
                    }
                } else if (event instanceof Deleted || random.nextDouble() < reached) {
                    content = apply(content, event);
                }
            }
            return content;
        }

        private static byte[] apply(byte[] before, Event event) {
            var content = before == null ? new byte[0] : before;
            return switch (event) {
                case Written(var _, var offset, var bytes) -> {
                    int end = Math.toIntExact(offset + bytes.length);
                    var after = Arrays.copyOf(content, Math.max(content.length, end));
                    System.arraycopy(bytes, 0, after, Math.toIntExact(offset), bytes.length);
                    yield after;
                }
                case Truncated(var _, var size) -> Arrays.copyOf(content, Math.toIntExact(size));
                case Deleted _ -> null;
                case Synced _, Promised _ -> throw new IllegalStateException("changes no content");
            };
        }
    }
}
