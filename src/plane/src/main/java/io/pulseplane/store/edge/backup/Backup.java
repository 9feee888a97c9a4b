package io.pulseplane.store.edge.backup;

import io.pulseplane.store.LockedDirectory;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.crypto.RecoveryKey;
import io.pulseplane.store.edge.backup.BlockIndex.BackedUpFile;
import io.pulseplane.store.edge.backup.Manifest.Content;
import io.pulseplane.store.edge.backup.Manifest.Kind;
import io.pulseplane.store.edge.backup.Manifest.Link;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.StoreIdentity;
import io.pulseplane.store.edge.maintenance.Inspection;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.vitals.EpochMicros;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Writes a backup of an edge store, which a plane may have open meanwhile. Not for the process of that plane, see
 * {@link DatabaseSnapshot}.
 *
 * <p>The database comes first, then the audit trail, then the keys. So the trail has every access to what is in the
 * database, and every patient in the database has a key, unless the patient was erased meanwhile.
 */
public final class Backup {

    private static final String DATABASE = "pulseplane.db";

    /** How often the trail is read again if a segment was removed while it was read. */
    private static final int TRAIL_ATTEMPTS = 5;

    /**
     * What is backed up.
     *
     * @param secrets other files with keys, by name relative to the data directory; those that exist are backed up
     */
    public record Source(Path dataDirectory, KeyEncryptionKey nodeKey, Trail trail, Map<String, Path> secrets) {}

    /** The files of an audit trail, without its secrets. */
    public interface Trail {

        /** The files that exist, by name relative to the data directory, in the order in which to read them. */
        Map<String, Path> files() throws IOException;
    }

    /** @param bytesRead of database and trail */
    public record Result(Manifest manifest, long bytesRead) {}

    private final Source source;
    private final Disk disk;
    private final BackupDirectory target;

    private Backup(Source source, Disk disk, BackupDirectory target) {
        this.source = source;
        this.disk = disk;
        this.target = target;
    }

    /**
     * Makes a backup. Blocks.
     *
     * @param to the directory of the backups of this store, which may be new
     * @throws PlaneException.FailedPrecondition if the directory has another store's backups, or no full one to
     *     build on, or if another process writes there
     * @throws PlaneException.DataLoss if the last backup or a key is damaged; the backups that are there stay as they
     *     are
     */
    public static Result make(Source source, Path to, Kind kind, RecoveryKey.Public recoveryKey) {
        return make(source, to, kind, recoveryKey, new Disk());
    }

    static Result make(Source source, Path to, Kind kind, RecoveryKey.Public recoveryKey, Disk disk) {
        Inspection.databaseIn(source.dataDirectory);
        try (var locked = LockedDirectory.acquire(to, "backup directory")) {
            return new Backup(source, disk, new BackupDirectory(locked.path())).make(kind, recoveryKey);
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the backup cannot be written: " + e.getMessage(), e);
        } catch (SQLException e) {
            throw SqliteErrors.toPlaneException(e);
        }
    }

    private Result make(Kind kind, RecoveryKey.Public recoveryKey) throws IOException, SQLException {
        var manifests = target.manifests();
        var newest = Optional.ofNullable(manifests.lastEntry()).map(Map.Entry::getValue);
        var base = base(kind, manifests);
        target.deleteLeftovers(disk);
        int number = target.files().isEmpty() ? 1 : target.files().lastKey() + 1;
        requireOneStore();
        var output = disk.create(target.file(number, BackupDirectory.BLOCKS));
        try (var blocks = new BlockWriter(number, output, base)) {
            var files = new ArrayList<BackedUpFile>();
            var counts = new LinkedHashMap<String, Long>();
            var store = copyDatabase(blocks, files, counts);
            if (newest.isPresent() && !newest.get().store().id().equals(store.id())) {
                throw new PlaneException.FailedPrecondition("the directory has backups of another store");
            }
            files.addAll(copyTrail(blocks));
            blocks.finish();
            var index = new BlockIndex(files);
            var uses = index.backups();
            uses.add(number);
            var manifest = new Manifest(
                    number,
                    kind,
                    EpochMicros.now(),
                    store,
                    newest.map(before -> new Link(before.number(), before.digest())),
                    List.copyOf(uses),
                    blocks.bytesWritten(),
                    write(number, BackupDirectory.INDEX, index.encode()),
                    write(number, BackupDirectory.KEYS, sealedKeys(number, store, recoveryKey)),
                    recoveryKey.id(),
                    counts);
            disk.syncDirectory(target.path());
            disk.replace(target.file(number, BackupDirectory.MANIFEST), manifest.encode());
            target.deleteOldKeys(disk, number);
            return new Result(manifest, blocks.bytesRead());
        }
    }

    /** The index of the backup on which this one builds; empty for a full one. */
    private Optional<BlockIndex> base(Kind kind, NavigableMap<Integer, Manifest> manifests) throws IOException {
        if (kind == Kind.FULL) {
            return Optional.empty();
        }
        var base = manifests.descendingMap().values().stream()
                .filter(manifest -> kind == Kind.INCREMENTAL || manifest.kind() == Kind.FULL)
                .findFirst()
                .orElseThrow(() -> new PlaneException.FailedPrecondition(
                        "the directory has no full backup: begin with `pulseplane backup full`"));
        return Optional.of(target.index(base));
    }

    /** SQLite would mix an older database with the log of a newer one. */
    private void requireOneStore() throws SQLException {
        var database = new Database(source.dataDirectory.resolve(DATABASE));
        if (database.hasLog()) {
            var inFile = StoreIdentity.readWithoutLog(database);
            try (var vault = openKeys()) {
                StoreIdentity.requireNotOlderThanLog(inFile, vault);
            }
        }
    }

    private KeyVault openKeys() throws SQLException {
        var file = source.dataDirectory.resolve(KeyBundle.DATA_KEYS);
        if (Files.notExists(file)) {
            throw new PlaneException.FailedPrecondition("keys.db is missing in the data directory: put it back");
        }
        return KeyVault.openForReading(new Database(file), source.nodeKey);
    }

    private StoreIdentity copyDatabase(BlockWriter blocks, List<BackedUpFile> files, Map<String, Long> counts)
            throws IOException, SQLException {
        try (var snapshot = DatabaseSnapshot.take(source.dataDirectory.resolve(DATABASE))) {
            if (snapshot.logBytes() > 0) {
                var log = blocks.copy(DATABASE + "-wal", snapshot.log(), snapshot.logBytes());
                if (snapshot.isLogCurrent()) {
                    files.add(log);
                }
            }
            files.add(blocks.copy(DATABASE, snapshot.file(), snapshot.fileBytes()));
            var session = snapshot.session();
            counts.putAll(Counts.of(session, source.dataDirectory, Optional.of(source.nodeKey)));
            return StoreIdentity.read(session)
                    .orElseThrow(() -> new PlaneException.FailedPrecondition(
                            "the store has never been opened by a plane of this version"));
        }
    }

    private List<BackedUpFile> copyTrail(BlockWriter blocks) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                var files = new ArrayList<BackedUpFile>();
                var names = source.trail.files();
                for (var file : names.entrySet()) {
                    try (var channel = FileChannel.open(file.getValue(), StandardOpenOption.READ)) {
                        files.add(blocks.copy(file.getKey(), channel, Long.MAX_VALUE));
                    }
                }
                if (source.trail.files().keySet().containsAll(names.keySet())) {
                    return files;
                }
            } catch (NoSuchFileException e) {
                if (attempt == TRAIL_ATTEMPTS) {
                    throw e;
                }
            }
            if (attempt == TRAIL_ATTEMPTS) {
                throw new PlaneException.Unavailable("the audit trail changes too fast to be read", null);
            }
        }
    }

    /** Damaged keys are refused, because the keys of the backup before are replaced. */
    private byte[] sealedKeys(int number, StoreIdentity store, RecoveryKey.Public recoveryKey)
            throws IOException, SQLException {
        var files = new TreeMap<String, byte[]>();
        try (var vault = openKeys()) {
            var damaged = vault.damagedOwners();
            if (!damaged.isEmpty()) {
                throw new PlaneException.DataLoss("keys.db is damaged at the keys of the patients with the numbers "
                        + damaged + ": the plane mends what keys.copy has when it reads them");
            }
            if (!vault.storeIdentity().map(StoreIdentity::id).equals(Optional.of(store.id()))) {
                throw new PlaneException.FailedPrecondition(
                        "pulseplane.db and keys.db in the data directory are those of two stores");
            }
            files.put(KeyBundle.DATA_KEYS, vault.image());
        }
        files.put(KeyBundle.NODE_KEY, (source.nodeKey.toBase64() + "\n").getBytes(StandardCharsets.US_ASCII));
        for (var secret : source.secrets.entrySet()) {
            if (Files.exists(secret.getValue())) {
                files.put(secret.getKey(), Files.readAllBytes(secret.getValue()));
            }
        }
        return recoveryKey.seal(KeyBundle.use(store.id(), number), new KeyBundle(files).encode());
    }

    private Content write(int number, String kind, byte[] content) throws IOException {
        try (var output = disk.create(target.file(number, kind))) {
            output.write(ByteBuffer.wrap(content));
            output.sync();
        }
        return Content.of(content);
    }
}
