package io.pulseplane.store.edge.backup;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.LockedDirectory;
import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.crypto.RecoveryKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.PrivacyReplay;
import io.pulseplane.store.edge.RestoreMark;
import io.pulseplane.store.edge.backup.BlockIndex.BackedUpFile;
import io.pulseplane.store.edge.maintenance.Inspection;
import io.pulseplane.store.edge.maintenance.Verification;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.vitals.EpochMicros;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Makes a data directory of a backup. All is made and checked in the directory {@code restoring} in it. Then the files
 * are moved to their places, {@code keys.db} last: without it no plane starts. A restore that was interrupted is begun
 * again by the next one.
 */
public final class Restore {

    private static final String STAGING = "restoring";
    private static final String AUDIT = "audit";
    private static final String PRIVACY_JOURNAL = "privacy.journal";

    /** What a restore moves, in this order, before {@code keys.db}. */
    private static final List<String> MOVED =
            List.of(AUDIT, KeyBundle.NODE_KEY, "token.key", "keys.copy", RestoreMark.FILE, "pulseplane.db");

    private static final Set<String> MAY_EXIST = Set.of("lock", STAGING);

    private static final int READER_THREADS = 1;

    /**
     * What to restore.
     *
     * @param number of the backup; the newest if empty
     * @param writesNodeKey whether the key of the node is written to {@code node.key}; otherwise it lies elsewhere
     * @param privacyJournal erasures and changes of consent, which are applied again if they are later than the backup
     */
    public record Request(Path from, OptionalInt number, boolean writesNodeKey, Optional<Path> privacyJournal) {}

    /** Checks what this room does not know, such as the audit trail, in a directory that no plane has yet. */
    public interface FurtherCheck {
        List<String> findings(Path directory);
    }

    /** @param findings what was damaged in the store when it was backed up */
    public record Result(Manifest manifest, PrivacyReplay.Result replayed, List<String> findings) {}

    private final Request request;
    private final BackupDirectory source;
    private final NavigableMap<Integer, Manifest> manifests;
    private final Manifest manifest;
    private final Path target;
    private final Path staging;
    private final Disk disk;

    private Restore(Request request, Path target, Disk disk) throws IOException {
        this.request = request;
        this.source = new BackupDirectory(BackupCheck.requireDirectory(request.from));
        this.manifests = source.wholeManifests();
        if (manifests.isEmpty()) {
            throw BackupCheck.noBackup();
        }
        this.manifest = Optional.ofNullable(manifests.get(request.number.orElse(manifests.lastKey())))
                .orElseThrow(() -> new PlaneException.NotFound(
                        "there is no whole backup " + request.number.getAsInt() + " in this directory"));
        this.target = target;
        this.staging = target.resolve(STAGING);
        this.disk = disk;
    }

    /**
     * Restores a backup. Blocks.
     *
     * @param to a directory that is new or empty
     * @throws PlaneException.FailedPrecondition if the directory is not empty, or if the keys are sealed for another
     *     recovery key
     * @throws PlaneException.DataLoss if the backup is damaged; the directory stays empty then
     */
    public static Result restore(Request request, Path to, RecoveryKey.Private recoveryKey, FurtherCheck check) {
        return restore(request, to, recoveryKey, check, new Disk());
    }

    static Result restore(Request request, Path to, RecoveryKey.Private recoveryKey, FurtherCheck check, Disk disk) {
        try {
            requireEmpty(to);
            try (var locked = LockedDirectory.acquire(to, "data directory")) {
                var restore = new Restore(request, locked.path(), disk);
                restore.deleteLeftovers();
                try {
                    return restore.run(recoveryKey, check);
                } catch (PlaneException e) {
                    restore.deleteLeftovers();
                    throw e;
                }
            }
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the backup cannot be restored: " + e.getMessage(), e);
        }
    }

    /** Of a restore that was interrupted, parts may be there. */
    private static void requireEmpty(Path to) throws IOException {
        boolean wasInterrupted =
                Files.isDirectory(to.resolve(STAGING)) && Files.notExists(to.resolve(KeyBundle.DATA_KEYS));
        if (Files.notExists(to)) {
            return;
        }
        try (var files = Files.list(to)) {
            if (files.map(file -> file.getFileName().toString())
                    .anyMatch(name -> !MAY_EXIST.contains(name) && !(wasInterrupted && MOVED.contains(name)))) {
                throw new PlaneException.FailedPrecondition(
                        "the directory for the restored store is not empty; nothing was changed");
            }
        }
    }

    /** Of a restore that did not come to its end. */
    private void deleteLeftovers() throws IOException {
        if (Files.notExists(target.resolve(KeyBundle.DATA_KEYS))) {
            for (var name : MOVED) {
                deleteAll(target.resolve(name));
            }
        }
        deleteAll(staging);
    }

    private static void deleteAll(Path root) throws IOException {
        if (Files.exists(root)) {
            try (var files = Files.walk(root)) {
                for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private Result run(RecoveryKey.Private recoveryKey, FurtherCheck check) throws IOException {
        var keys = openKeys(recoveryKey);
        var nodeKey = KeyEncryptionKey.fromBase64(
                new String(keys.files().get(KeyBundle.NODE_KEY), StandardCharsets.US_ASCII));
        PrivateFiles.createDirectories(staging);
        writeFiles();
        for (var file : keys.files().entrySet()) {
            if (request.writesNodeKey || !file.getKey().equals(KeyBundle.NODE_KEY)) {
                write(file.getKey(), file.getValue());
            }
        }
        var counts = Counts.of(Inspection.of(staging, Optional.of(nodeKey)));
        if (!Counts.agree(manifest.counts(), counts)) {
            throw new PlaneException.DataLoss(
                    "the restored store has " + counts + ", but the backup is one of " + manifest.counts());
        }
        var replayed = adopt(nodeKey);
        var findings = new ArrayList<>(Verification.verify(staging, nodeKey).findings());
        findings.addAll(check.findings(staging));
        write(RestoreMark.FILE, mark(replayed).getBytes(StandardCharsets.UTF_8));
        install();
        return new Result(manifest, replayed, List.copyOf(findings));
    }

    /** The newest keys open every backup of the store, and those of patients who were erased are not among them. */
    private KeyBundle openKeys(RecoveryKey.Private recoveryKey) throws IOException {
        int number = source.newestKeys()
                .orElseThrow(() -> new PlaneException.DataLoss("no backup in this directory has its keys"));
        var file = source.file(number, BackupDirectory.KEYS);
        var sealedFor = Optional.ofNullable(manifests.get(number)).map(Manifest::recoveryKey);
        if (sealedFor.isPresent() && !sealedFor.get().equals(recoveryKey.id())) {
            throw new PlaneException.FailedPrecondition("the keys are sealed for the recovery key " + sealedFor.get()
                    + ", but this is " + recoveryKey.id());
        }
        try {
            var use = KeyBundle.use(manifest.store().id(), number);
            return KeyBundle.decode(recoveryKey.open(use, Files.readAllBytes(file)));
        } catch (DecryptionFailedException _) {
            throw new PlaneException.DataLoss(
                    file.getFileName() + " is damaged, or is sealed for another recovery key or of another store");
        }
    }

    private void writeFiles() throws IOException {
        var open = new HashMap<Integer, FileChannel>();
        try {
            for (int number : manifest.uses()) {
                var file = source.file(number, BackupDirectory.BLOCKS);
                if (Files.notExists(file)) {
                    throw new PlaneException.DataLoss(file.getFileName() + " is missing");
                }
                open.put(number, FileChannel.open(file, StandardOpenOption.READ));
            }
            for (var file : source.index(manifest).files()) {
                writeFile(file, open);
            }
        } finally {
            for (var channel : open.values()) {
                channel.close();
            }
        }
    }

    private void writeFile(BackedUpFile file, Map<Integer, FileChannel> backups) throws IOException {
        try (var output = disk.create(place(file.name()))) {
            for (var block : file.blocks()) {
                var source = this.source.file(block.backup(), BackupDirectory.BLOCKS);
                output.write(ByteBuffer.wrap(BackupCheck.read(backups.get(block.backup()), source, block)));
            }
            output.sync();
        }
    }

    private void write(String name, byte[] content) throws IOException {
        try (var output = disk.create(place(name))) {
            output.write(ByteBuffer.wrap(content));
            output.sync();
        }
    }

    private Path place(String name) throws IOException {
        var file = staging.resolve(name).normalize();
        if (!file.startsWith(staging)) {
            throw new PlaneException.DataLoss("the backup has a file outside of the data directory");
        }
        PrivateFiles.createDirectories(file.getParent());
        return file;
    }

    /** Makes database and keys one store again, and applies what was decided after the backup. */
    private PrivacyReplay.Result adopt(KeyEncryptionKey nodeKey) throws IOException {
        var settings = EdgeSettings.of(READER_THREADS).withNodeKey(nodeKey);
        EdgeStore.adopt(staging, settings, staging.resolve(AUDIT));
        if (request.privacyJournal.isPresent()) {
            var copy = staging.resolve(PRIVACY_JOURNAL);
            Files.copy(request.privacyJournal.get(), copy);
            settings = settings.withPrivacyJournal(copy);
        }
        // To open it destroys the keys of patients who were erased after the backup.
        var store = EdgeStore.open(staging, settings, EpochMicros::now);
        try {
            return store.replayPrivacyJournal();
        } finally {
            store.close();
        }
    }

    private String mark(PrivacyReplay.Result replayed) {
        return "backup " + manifest.number() + " of "
                + Instant.EPOCH.plus(manifest.madeAt(), ChronoUnit.MICROS) + ", made in start "
                + manifest.store().generation() + "; erased again: " + replayed.erased() + ", consents withdrawn: "
                + replayed.withdrawn();
    }

    private void install() throws IOException {
        for (var file : List.of("pulseplane.db", KeyBundle.DATA_KEYS)) {
            if (new Database(staging.resolve(file)).hasLog()) {
                throw new PlaneException.Unavailable("the restored store was not closed cleanly", null);
            }
        }
        for (var name : MOVED) {
            if (Files.exists(staging.resolve(name))) {
                disk.move(staging.resolve(name), target.resolve(name));
            }
        }
        disk.syncDirectory(target);
        disk.move(staging.resolve(KeyBundle.DATA_KEYS), target.resolve(KeyBundle.DATA_KEYS));
        disk.syncDirectory(target);
        deleteAll(staging);
    }
}
