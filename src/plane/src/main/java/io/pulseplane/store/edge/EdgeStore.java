package io.pulseplane.store.edge;

import io.pulseplane.store.LockedDirectory;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.store.edge.journal.Appender;
import io.pulseplane.store.edge.journal.IdDictionary;
import io.pulseplane.store.edge.journal.Journal;
import io.pulseplane.store.edge.journal.JournalReplay;
import io.pulseplane.store.edge.journal.LostBatches;
import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.journal.SeriesReader;
import io.pulseplane.store.edge.keys.KeyCheckValue;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.StoreIdentity;
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
import io.pulseplane.store.edge.tables.LostBatchTable;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.store.edge.tables.Schema;
import io.pulseplane.store.privacy.JournalingRegistry;
import io.pulseplane.store.privacy.PrivacyJournal;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The store of an edge box, in one directory: {@code pulseplane.db} and its write-ahead log; {@code keys.db}, the keys
 * under which the data of patients is sealed; and {@code lock}, which keeps a second plane out.
 */
public final class EdgeStore implements Store {

    /** A plane that has written within this time can write, and a check need not find that out by a commit. */
    private static final Duration WRITE_STANDS = Duration.ofSeconds(10);

    private final LockedDirectory lockedDirectory;
    private final Database database;
    private final StoreIdentity identity;
    private final KeyVault vault;
    private final WriterThread writer;
    private final ReaderPool readers;
    private final SqliteSession maintenanceSession;
    private final DiskBudget diskBudget;
    private final Maintenance maintenance;
    private final AuditNames auditNames;
    private final EdgeReadings readings;
    private final Registry registry;
    private final Optional<PrivacyJournal> privacyJournal;
    private final LostBatches lostBatches = new LostBatches();

    private EdgeStore(
            LockedDirectory lockedDirectory,
            EdgeSettings settings,
            LongSupplier now,
            Supplier<OptionalLong> retentionTime)
            throws SQLException {
        this.lockedDirectory = lockedDirectory;
        var directory = lockedDirectory.path();
        NativeLibrary.loadInto(directory);
        this.database = new Database(directory.resolve("pulseplane.db"));
        var files = DataDirectory.require(directory, settings.nodeKey());
        var nodeKey = files.nodeKey();
        var opened = new ArrayList<AutoCloseable>();
        try {
            this.vault = KeyVault.open(
                    new Database(directory.resolve("keys.db")), nodeKey, settings.earlierNodeKeys(), files.isNew());
            opened.add(vault);
            this.auditNames = new AuditNames(vault);
            if (database.hasLog()) {
                StoreIdentity.requireNotOlderThanLog(StoreIdentity.readWithoutLog(database), vault);
            }
            var session = database.openForWriting();
            opened.add(session);
            Schema.migrate(session, vault);
            this.identity = StoreIdentity.begin(session, vault);
            LostBatchTable.beginJournalStart(session);
            vault.updateCopy();
            Eraser.finishInterrupted(session, vault);
            var memtable = new Memtable();
            var journal = new Journal(vault);
            this.maintenanceSession = database.openForMaintenance();
            opened.add(maintenanceSession);

            var patients = new PatientTable(vault);
            var receipts = new ReceiptTable(vault);
            var seriesReader = new SeriesReader(vault, memtable, lostBatches);
            var idDictionary = new IdDictionary(patients, seriesReader, memtable);
            this.writer = new WriterThread(session, idDictionary::clear);
            opened.add(writer::close);
            this.readers = new ReaderPool(database, settings.readerThreads());
            var blockingWriter = new BlockingWriter(writer);
            var diskBudget = new DiskBudget(
                    directory,
                    maintenanceSession,
                    blockingWriter,
                    memtable,
                    settings.diskBudgetBytes(),
                    settings.fullDiskPolicy());
            var compactor = new Compactor(maintenanceSession, blockingWriter, memtable, journal, vault, receipts);
            var replay = new JournalReplay(journal, lostBatches);
            replay(replay, memtable, compactor, maintenanceSession, settings.compactAfterBytes());
            blockingWriter.transaction(writing -> {
                replay.recordLosses(writing, now.getAsLong());
                return lostBatches;
            });
            // Until the first refresh the budget refuses nothing.
            diskBudget.refresh();
            this.diskBudget = diskBudget;
            this.maintenance = new Maintenance(
                    settings.compactAfterBytes(),
                    settings.compactAfter(),
                    maintenanceSession,
                    memtable,
                    compactor,
                    new GarbageCollector(
                            maintenanceSession, blockingWriter, receipts, settings.retention(), retentionTime),
                    diskBudget,
                    now);
            var appender = new Appender(vault, idDictionary, journal, memtable, seriesReader, receipts, now);
            this.readings =
                    new EdgeReadings(writer, readers, appender, patients, seriesReader, diskBudget, maintenance);
            var edgeRegistry = new EdgeRegistry(
                    writer,
                    readers,
                    patients,
                    memtable,
                    new Eraser(writer, patients, vault, memtable, idDictionary, receipts, maintenance::wake),
                    now);
            this.privacyJournal =
                    settings.privacyJournal().map(file -> PrivacyJournal.open(file, vault.privacyJournalKeys()));
            this.registry = privacyJournal
                    .<Registry>map(
                            file -> new JournalingRegistry(edgeRegistry, file, Infrastructure.getDefaultWorkerPool()))
                    .orElse(edgeRegistry);
        } catch (SQLException | RuntimeException e) {
            closeAll(opened, e);
            throw e;
        }
        maintenance.start();
    }

    /** Reads the journal in pieces, and compacts one before it reads the next, so that each fits into memory. */
    private static void replay(
            JournalReplay replay, Memtable memtable, Compactor compactor, SqliteSession reader, long maxBytes)
            throws SQLException {
        boolean isWhole = false;
        while (!isWhole) {
            // Not in a transaction that writes: SQLite could not commit one after it has met a damaged page.
            isWhole =
                    reader.run(session -> replay.read(session, memtable, maxBytes, Maintenance.COMPACT_AFTER_BATCHES));
            if (!isWhole) {
                compactor.compact();
            }
        }
    }

    private static void closeAll(List<AutoCloseable> opened, Exception failure) {
        for (var resource : opened.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }
    }

    /** As {@link #open(Path, EdgeSettings, LongSupplier)}, with the default settings. */
    public static EdgeStore open(Path directory, int readerThreads, LongSupplier now) {
        return open(directory, EdgeSettings.of(readerThreads), now);
    }

    /** As the method with all parameters. The clock is never in doubt. */
    public static EdgeStore open(Path directory, EdgeSettings settings, LongSupplier now) {
        return open(directory, settings, now, () -> OptionalLong.of(now.getAsLong()));
    }

    /**
     * Opens the store in a directory, and creates either if it does not exist. Blocks.
     *
     * @param now the clock, in microseconds since the epoch
     * @param retentionTime the time by which readings may be deleted for their age; empty while the clock is in doubt.
     *     The thread of maintenance calls it
     * @throws PlaneException.FailedPrecondition if another plane has the directory open, if the database is not one of
     *     this program or of a newer version, or if the keys do not match
     * @throws PlaneException.Unavailable if the directory cannot be written to
     * @throws PlaneException.DataLoss if a page is damaged without which the store cannot be opened
     */
    public static EdgeStore open(
            Path directory, EdgeSettings settings, LongSupplier now, Supplier<OptionalLong> retentionTime) {
        var lockedDirectory = LockedDirectory.acquire(directory, "data directory", settings.access());
        try {
            return new EdgeStore(lockedDirectory, settings, now, retentionTime);
        } catch (SQLException e) {
            lockedDirectory.close();
            if (SqliteErrors.isDamage(e)) {
                throw new PlaneException.DataLoss(
                        "a file in the data directory is damaged where it is needed to open the store; `pulseplane"
                                + " store salvage` makes a new store of what is whole");
            }
            throw SqliteErrors.toPlaneException(e);
        } catch (RuntimeException e) {
            lockedDirectory.close();
            throw e;
        }
    }

    /**
     * Declares that the files in a directory belong together as they are, so that the next start accepts them. Blocks.
     *
     * @param audit the directory of the audit trail, which may be new
     * @return the id of the store
     * @throws PlaneException.NotFound if there is no store
     * @throws PlaneException.FailedPrecondition if a plane has the directory open, or if keys are missing without which
     *     nothing can be read
     */
    public static String adopt(Path directory, EdgeSettings settings, Path audit) {
        try (var lockedDirectory = LockedDirectory.acquire(directory, "data directory", settings.access())) {
            var files = DataDirectory.requireStore(lockedDirectory.path(), settings.nodeKey());
            try (var vault = KeyVault.open(
                            new Database(directory.resolve("keys.db")),
                            files.nodeKey(),
                            settings.earlierNodeKeys(),
                            files.isNew());
                    var session = new Database(directory.resolve("pulseplane.db")).openForWriting()) {
                Schema.migrate(session, vault);
                var id = StoreIdentity.adopt(session, vault).id();
                vault.updateCopy();
                AuditMark.replace(audit, id);
                return id;
            }
        } catch (SQLException e) {
            throw SqliteErrors.toPlaneException(e);
        }
    }

    /**
     * Checks that the directory of the audit trail is this store's, and marks it at the first time. Blocks.
     *
     * @throws PlaneException.FailedPrecondition if the directory is another store's, or is missing although the store
     *     had one
     * @throws PlaneException.Unavailable if the mark cannot be read or written
     */
    public void claimAuditDirectory(Path audit) {
        boolean hadOne = writer.transaction(StoreIdentity::isAudited).await().indefinitely();
        if (AuditMark.claim(audit, identity.id(), hadOne)) {
            writer.transaction(session -> {
                        StoreIdentity.setAudited(session, true);
                        return true;
                    })
                    .await()
                    .indefinitely();
        }
    }

    /** The names that the audit trail has for this store's patients. */
    public AuditNames auditNames() {
        return auditNames;
    }

    /** The ids of those patients who are registered, by the names that the audit trail has for them. */
    public Uni<Map<String, String>> idsOfAuditNames(Collection<String> names) {
        return readers.read(session -> auditNames.idsOf(session, names));
    }

    /**
     * Applies the erasures and changes of consent of the privacy journal that this store does not have. Blocks. For a
     * store that was just restored.
     */
    public PrivacyReplay.Result replayPrivacyJournal() {
        return privacyJournal
                .map(journal -> new PrivacyReplay(registry, journal).run())
                .orElse(PrivacyReplay.Result.NOTHING);
    }

    /** From which backup the store was restored; empty if it was not, or if the audit trail has it already. */
    public Optional<String> restoredFrom() {
        return RestoreMark.read(lockedDirectory.path());
    }

    /** The audit trail has it now. */
    public void forgetRestore() {
        RestoreMark.delete(lockedDirectory.path());
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
            // Devices and series are numbered in order and never removed, so the highest number is the count, and costs
            // one seek. Of patients, some are erased: those who are not have a tag, and are counted in its index.
            var select = session.prepare("""
                    SELECT (SELECT count(*) FROM patient WHERE id_tag IS NOT NULL),
                      (SELECT coalesce(max(number), 0) FROM device), (SELECT coalesce(max(number), 0) FROM series)""");
            try (var row = select.executeQuery()) {
                row.next();
                return new StoreSize(database.bytes(), row.getLong(1), row.getLong(2), row.getLong(3));
            }
        });
    }

    /** Commits a change, unless the plane has written a moment ago. */
    @Override
    public Uni<Void> check() {
        return Uni.createFrom().deferred(() -> {
            diskBudget.requireRoom();
            maintenance.refuseIfBehind();
            return writer.hasWrittenWithin(WRITE_STANDS)
                    ? Uni.createFrom().voidItem()
                    : writer.transaction(StoreIdentity::tryWrite, _ -> writer.confirmWrite())
                            .replaceWithVoid();
        });
    }

    /** Reads a row of the file. */
    @Override
    public Uni<Void> checkReads() {
        return readers.read(session -> KeyCheckValue.matches(session, vault)).map(isIntact -> {
            if (!isIntact) {
                throw new PlaneException.DataLoss("the database is damaged");
            }
            return null;
        });
    }

    @Override
    public boolean isMaintenanceFailing() {
        return maintenance.isFailing();
    }

    @Override
    public long lostBatches() {
        return lostBatches.count();
    }

    /** Runs all maintenance now, even if there is little to do, and completes when it is done. */
    public Uni<Void> compact() {
        return Uni.createFrom().completionStage(maintenance::requestFullRun);
    }

    @Override
    public void close() {
        var failure = new IllegalStateException("the store was not closed cleanly; acknowledged batches are safe");
        var opened = new ArrayList<AutoCloseable>(
                List.of(lockedDirectory, vault, maintenanceSession, readers::close, writer::close, maintenance::close));
        privacyJournal.ifPresent(file -> opened.add(1, file));
        closeAll(opened, failure);
        if (failure.getSuppressed().length > 0) {
            throw failure;
        }
    }
}
