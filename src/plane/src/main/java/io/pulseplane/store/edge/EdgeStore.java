package io.pulseplane.store.edge;

import io.pulseplane.store.LockedDirectory;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.journal.Appender;
import io.pulseplane.store.edge.journal.IdDictionary;
import io.pulseplane.store.edge.journal.Journal;
import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.journal.SeriesReader;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.maintenance.Compactor;
import io.pulseplane.store.edge.maintenance.DiskBudget;
import io.pulseplane.store.edge.maintenance.Eraser;
import io.pulseplane.store.edge.maintenance.GarbageCollector;
import io.pulseplane.store.edge.maintenance.Maintenance;
import io.pulseplane.store.edge.sqlite.BlockingWriter;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.NativeLibrary;
import io.pulseplane.store.edge.sqlite.ReaderPool;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.WriterThread;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.store.edge.tables.Schema;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The store of an edge box, in one directory: {@code pulseplane.db}, its write-ahead log beside it; {@code keys.db}, the keys
 * under which patients are sealed in it; and {@code lock}, which keeps a second plane out.
 */
public final class EdgeStore implements Store {

    /** Below this there is no telling whether the next commit fits. */
    private static final long MIN_USABLE_BYTES = 16L << 20;

    private final LockedDirectory lockedDirectory;
    private final Database database;
    private final KeyVault vault;
    private final WriterThread writer;
    private final ReaderPool readers;
    private final SqliteSession maintenanceSession;
    private final Maintenance maintenance;
    private final EdgeReadings readings;
    private final EdgeRegistry registry;

    private EdgeStore(LockedDirectory own, EdgeSettings settings, LongSupplier now) throws SQLException {
        this.lockedDirectory = own;
        var directory = own.path();
        NativeLibrary.loadInto(directory);
        this.database = new Database(directory.resolve("pulseplane.db"));
        var nodeKey = settings.nodeKey().orElseGet(() -> KeyEncryptionKey.readOrCreate(directory.resolve("node.key")));
        var opened = new ArrayList<AutoCloseable>();
        try {
            this.vault = KeyVault.open(new Database(directory.resolve("keys.db")), nodeKey, settings.earlierNodeKeys());
            opened.add(vault);
            var session = database.openForWriting();
            opened.add(session);
            Schema.migrate(session, vault);
            Eraser.finishInterrupted(session, vault);
            var backlog = new Memtable();
            var journal = new Journal(vault);
            journal.replay(session, backlog);
            this.maintenanceSession = database.openForMaintenance();
            opened.add(maintenanceSession);

            var patients = new PatientTable(vault);
            var receipts = new ReceiptTable(vault);
            var reader = new SeriesReader(vault, backlog);
            var numbers = new IdDictionary(patients, reader, backlog);
            this.writer = new WriterThread(session, numbers::clear);
            this.readers = new ReaderPool(database, settings.readerThreads());
            var writing = new BlockingWriter(writer);
            var space = new DiskBudget(
                    directory,
                    maintenanceSession,
                    writing,
                    backlog,
                    settings.diskBudgetBytes(),
                    settings.fullDiskPolicy());
            // Or the first batches would be taken whatever the disk says.
            space.refresh();
            this.maintenance = new Maintenance(
                    settings.compactAfterBytes(),
                    settings.compactAfter(),
                    backlog,
                    new Compactor(maintenanceSession, writing, backlog, vault, receipts),
                    new GarbageCollector(maintenanceSession, writing, settings.retention(), now),
                    space,
                    now);
            var appender = new Appender(vault, numbers, journal, backlog, reader, receipts, now);
            this.readings = new EdgeReadings(writer, readers, appender, patients, reader, space, maintenance);
            this.registry = new EdgeRegistry(
                    writer,
                    readers,
                    patients,
                    backlog,
                    new Eraser(writer, patients, vault, backlog, numbers, receipts, maintenance::wake),
                    now);
        } catch (SQLException | RuntimeException e) {
            closeAll(opened, e);
            throw e;
        }
        maintenance.start();
    }

    private static void closeAll(List<AutoCloseable> opened, Exception failure) {
        for (var each : opened.reversed()) {
            try {
                each.close();
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
    }

    /** As {@link #open(Path, EdgeSettings, LongSupplier)}, with settings that suit most. */
    public static EdgeStore open(Path directory, int readerThreads, LongSupplier now) {
        return open(directory, EdgeSettings.of(readerThreads), now);
    }

    /**
     * Opens the store in a directory and makes both if they are not there. Blocks.
     *
     * @param now the clock, in microseconds since the epoch
     * @throws PlaneException.FailedPrecondition if another plane has it open, or what is there is not ours to open
     * @throws PlaneException.Unavailable if the directory cannot be written to
     */
    public static EdgeStore open(Path directory, EdgeSettings settings, LongSupplier now) {
        var own = LockedDirectory.acquire(directory, "data directory");
        try {
            return new EdgeStore(own, settings, now);
        } catch (SQLException e) {
            own.close();
            throw SqliteErrors.toPlaneException(e);
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    @Override
    public ReadingStore readings() {
        return readings;
    }

    @Override
    public Registry registry() {
        return registry;
    }

    @Override
    public Uni<StoreSize> size() {
        return readers.read(session -> {
            // Numbers are given in order and rows are never removed, so the highest is the count, at the price of a
            // seek. Of patients some may be nobody: those who can be found are counted in the index they are found by.
            var select = session.prepare("""
                    SELECT (SELECT count(*) FROM patient WHERE id_tag IS NOT NULL), (SELECT coalesce(max(number), 0) FROM device),
                      (SELECT coalesce(max(number), 0) FROM series)""");
            try (var row = select.executeQuery()) {
                row.next();
                return new StoreSize(database.bytes(), row.getLong(1), row.getLong(2), row.getLong(3));
            }
        });
    }

    @Override
    public Uni<Void> check() {
        return writer.transaction(_ -> {
            try {
                if (Files.getFileStore(lockedDirectory.path()).getUsableSpace() < MIN_USABLE_BYTES) {
                    throw new PlaneException.Unavailable("the disk is almost full", null);
                }
                return null;
            } catch (IOException e) {
                throw new PlaneException.Unavailable("the disk does not answer", e);
            }
        });
    }

    /** Does behind the scenes what there is to do, without waiting for there to be enough of it. */
    public Uni<Void> compact() {
        return Uni.createFrom().completionStage(maintenance::requestFullRun);
    }

    @Override
    public void close() {
        try {
            maintenance.close();
            writer.close();
            readers.close();
            maintenanceSession.close();
            vault.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException("the store was not closed cleanly; what was acknowledged is safe", e);
        } finally {
            lockedDirectory.close();
        }
    }
}
