package io.pulseplane.store.edge;

import io.pulseplane.store.OwnDirectory;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.store.seal.NodeKey;
import io.pulseplane.vitals.Problem;
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

    private final OwnDirectory own;
    private final Database database;
    private final KeyVault vault;
    private final Writer writer;
    private final Readers readers;
    private final Session backstage;
    private final Upkeep upkeep;
    private final EdgeReadings readings;
    private final EdgeRegistry registry;

    private EdgeStore(OwnDirectory own, EdgeSettings settings, LongSupplier now) throws SQLException {
        this.own = own;
        var directory = own.path();
        NativeLibrary.load(directory);
        this.database = new Database(directory.resolve("pulseplane.db"));
        var nodeKey = settings.nodeKey().orElseGet(() -> NodeKey.readOrMake(directory.resolve("node.key")));
        var opened = new ArrayList<AutoCloseable>();
        try {
            this.vault = KeyVault.open(new Database(directory.resolve("keys.db")), nodeKey, settings.earlierNodeKeys());
            opened.add(vault);
            var session = database.openForWriting();
            opened.add(session);
            Schema.migrate(session, vault);
            Eraser.finish(session, vault);
            var backlog = new Backlog();
            var journal = new Journal(vault);
            journal.replay(session, backlog);
            this.backstage = database.openBackstage();
            opened.add(backstage);

            var patients = new PatientRows(vault);
            var receipts = new ReceiptRows(vault);
            var reader = new SeriesReader(vault, backlog);
            var numbers = new Numbers(patients, reader, backlog);
            this.writer = new Writer(session, numbers::forget);
            this.readers = new Readers(database, settings.readerThreads());
            var writing = new Backstage(writer);
            var space = new Space(directory, backstage, writing, backlog, settings.budget(), settings.whenFull());
            // Or the first batches would be taken whatever the disk says.
            space.look();
            this.upkeep = new Upkeep(
                    settings.compactAfterBytes(),
                    settings.compactAfter(),
                    backlog,
                    new Compactor(backstage, writing, backlog, vault, receipts),
                    new Sweep(backstage, writing, settings.retention(), now),
                    space,
                    now);
            var appender = new Appender(vault, numbers, journal, backlog, reader, receipts, now);
            this.readings = new EdgeReadings(writer, readers, appender, patients, reader, space, upkeep);
            this.registry = new EdgeRegistry(
                    writer,
                    readers,
                    patients,
                    backlog,
                    new Eraser(writer, patients, vault, backlog, numbers, receipts, upkeep::call),
                    now);
        } catch (SQLException | RuntimeException e) {
            closeAll(opened, e);
            throw e;
        }
        upkeep.start();
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
     * @throws Problem.Unmet if another plane has it open, or what is there is not ours to open
     * @throws Problem.Unavailable if the directory cannot be written to
     */
    public static EdgeStore open(Path directory, EdgeSettings settings, LongSupplier now) {
        var own = OwnDirectory.take(directory, "data directory");
        try {
            return new EdgeStore(own, settings, now);
        } catch (SQLException e) {
            own.close();
            throw Failures.problem(e);
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
                if (Files.getFileStore(own.path()).getUsableSpace() < MIN_USABLE_BYTES) {
                    throw new Problem.Unavailable("the disk is almost full", null);
                }
                return null;
            } catch (IOException e) {
                throw new Problem.Unavailable("the disk does not answer", e);
            }
        });
    }

    /** Does behind the scenes what there is to do, without waiting for there to be enough of it. */
    public Uni<Void> compact() {
        return Uni.createFrom().completionStage(upkeep::askForAll);
    }

    @Override
    public void close() {
        try {
            upkeep.close();
            writer.close();
            readers.close();
            backstage.close();
            vault.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            throw new IllegalStateException("the store was not closed cleanly; what was acknowledged is safe", e);
        } finally {
            own.close();
        }
    }
}
