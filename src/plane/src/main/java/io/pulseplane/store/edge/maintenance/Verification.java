package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.journal.Journal;
import io.pulseplane.store.edge.keys.KeyCheckValue;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.PatientCodec;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.store.edge.tables.ChunkTable.Header;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.store.edge.tables.Schema;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.chunk.ChunkReader;
import io.pulseplane.vitals.chunk.ChunkSummary;
import io.pulseplane.vitals.chunk.CorruptChunkException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Opens everything that an edge store has on disk and says what is not as it was written: every seal, every checksum, every
 * reading of every chunk. Changes nothing; a plane may have the store open meanwhile.
 */
public final class Verification {

    /** More would not help anybody. */
    private static final int MAX_FINDINGS = 1_000;

    /**
     * What came of it.
     *
     * @param findings what is damaged, one a line, the first {@value #MAX_FINDINGS}; by numbers, as nobody's name is said
     */
    public record Report(
            long patients, long chunks, long readings, long batches, long receipts, List<String> findings) {

        public boolean isIntact() {
            return findings.isEmpty();
        }
    }

    private final SqliteSession session;
    private final KeyVault vault;
    private final List<String> findings = new ArrayList<>();
    private long patients;
    private long chunks;
    private long readings;
    private long batches;
    private long receipts;

    private Verification(SqliteSession session, KeyVault vault) {
        this.session = session;
        this.vault = vault;
    }

    /**
     * Verifies the store in a directory. Blocks for as long as reading all of it takes.
     *
     * @throws PlaneException.NotFound if there is no store
     * @throws PlaneException.FailedPrecondition if it was sealed under another key, or is of an earlier format
     */
    public static Report verify(Path directory, KeyEncryptionKey nodeKey) {
        var database = new Database(Inspection.databaseIn(directory));
        try (var session = database.openForReading();
                var vault = KeyVault.openForReading(new Database(directory.resolve("keys.db")), nodeKey)) {
            session.execute("BEGIN");
            return new Verification(session, vault).verify();
        } catch (SQLException e) {
            throw SqliteErrors.toPlaneException(e);
        }
    }

    private Report verify() throws SQLException {
        if (version() != Schema.VERSION) {
            throw new PlaneException.FailedPrecondition(
                    "the store is not of this version's format; a plane that opens it brings it there");
        }
        verifyPart("the database", this::verifyPages);
        if (!KeyCheckValue.matches(session, vault)) {
            addFinding("the keys are not those that the database was sealed with");
        }
        verifyPart("patients", this::verifyPatients);
        verifyPart("chunks", this::verifyChunks);
        verifyPart("chunks put aside", this::verifyQuarantine);
        verifyPart("the journal", this::verifyJournal);
        verifyPart("receipts", this::verifyReceipts);
        return new Report(patients, chunks, readings, batches, receipts, List.copyOf(findings));
    }

    private int version() throws SQLException {
        try (var row = session.prepare("PRAGMA user_version").executeQuery()) {
            return row.next() ? row.getInt(1) : 0;
        }
    }

    private void addFinding(String finding) {
        if (findings.size() < MAX_FINDINGS) {
            findings.add(finding);
        }
    }

    /** What SQLite cannot walk through ends one part, and not the others. */
    private void verifyPart(String what, SqliteSession.SqlAction part) throws SQLException {
        try {
            part.run();
        } catch (SQLException e) {
            if (!(SqliteErrors.toPlaneException(e) instanceof PlaneException.DataLoss)) {
                throw e;
            }
            addFinding(what + ": the file is damaged, and not all could be read");
            session.closeStatements();
        }
    }

    private void verifyPages() throws SQLException {
        try (var rows = session.prepare("PRAGMA integrity_check").executeQuery()) {
            while (rows.next()) {
                if (!rows.getString(1).equals("ok")) {
                    addFinding("the database: " + rows.getString(1));
                }
            }
        }
    }

    private void verifyPatients() throws SQLException {
        try (var rows = session.prepare("SELECT number, details FROM patient WHERE details IS NOT NULL")
                .executeQuery()) {
            while (rows.next()) {
                patients++;
                long number = rows.getLong(1);
                try {
                    PatientCodec.open(session, vault, number, SqliteSession.bytesOrEmpty(rows, 2), false, 0, 0);
                } catch (PlaneException.DataLoss e) {
                    addFinding("patient number " + number + ": " + e.getMessage());
                }
            }
        }
    }

    private void verifyChunks() throws SQLException {
        try (var rows = session.prepare("""
                SELECT c.number, c.series, c.first_us, c.last_us, c.count, s.patient, c.payload
                FROM chunk c LEFT JOIN series s ON s.number = c.series ORDER BY c.series, c.first_us""").executeQuery()) {
            Header before = null;
            while (rows.next()) {
                var header =
                        new Header(rows.getLong(1), rows.getLong(2), rows.getLong(3), rows.getLong(4), rows.getInt(5));
                if (before != null && before.series() == header.series() && header.firstTime() <= before.lastTime()) {
                    addFinding(describe(header) + ": overlaps the one before it");
                }
                before = header;
                var key = keyOf(rows.getLong(6), header);
                if (key.isPresent()) {
                    verify(header, key.get(), SqliteSession.bytesOrEmpty(rows, 7));
                }
            }
        }
    }

    /** None of a patient who was erased: what is left of such a one is nobody's, and swept out. */
    private Optional<SecretKey> keyOf(long patient, Header header) throws SQLException {
        try {
            return vault.key(patient);
        } catch (PlaneException.DataLoss e) {
            addFinding(describe(header) + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    private void verify(Header header, SecretKey key, byte[] payload) {
        chunks++;
        readings += header.count();
        try {
            var reader = ChunkTable.open(session, key, header, payload);
            if (!matchesHeader(header, reader)) {
                addFinding(describe(header) + ": holds something else than it says");
            }
        } catch (PlaneException.DataLoss | CorruptChunkException e) {
            addFinding(describe(header) + ": cannot be opened");
        }
    }

    private static boolean matchesHeader(Header header, ChunkReader reader) {
        int count = reader.count();
        if (count != header.count()
                || reader.firstTime() != header.firstTime()
                || reader.lastTime() != header.lastTime()) {
            return false;
        }
        var times = new long[count];
        var values = new double[count];
        reader.times(0, count, times, 0);
        reader.values(0, count, values, 0);
        for (int i = 1; i < count; i++) {
            if (times[i] <= times[i - 1]) {
                return false;
            }
        }
        return times[0] == header.firstTime()
                && times[count - 1] == header.lastTime()
                && ChunkSummary.of(values, 0, count).equals(reader.summary());
    }

    private static String describe(Header header) {
        return "chunk " + header.number() + " of series " + header.series() + ", from " + header.firstTime() + " to "
                + header.lastTime() + " us, " + header.count() + " readings";
    }

    private void verifyQuarantine() throws SQLException {
        try (var rows = session.prepare("SELECT number, series, first_us, last_us, count FROM quarantined_chunk")
                .executeQuery()) {
            while (rows.next()) {
                addFinding(describe(new Header(
                                rows.getLong(1), rows.getLong(2), rows.getLong(3), rows.getLong(4), rows.getInt(5)))
                        + ": was put aside, as it could not be opened");
            }
        }
    }

    private void verifyJournal() throws SQLException {
        new Journal(vault)
                .visit(
                        session,
                        (_, _, entry) -> batches += entry.size(),
                        (entry, what) -> addFinding("entry " + entry + " of the journal: " + what));
    }

    private void verifyReceipts() throws SQLException {
        var rowsOf = new ReceiptTable(vault);
        try (var rows = session.prepare("SELECT device, first, count, payload FROM receipt")
                .executeQuery()) {
            while (rows.next()) {
                long device = rows.getLong(1);
                int count = rows.getInt(3);
                receipts += count;
                try {
                    var opened = rowsOf.decode(session, device, rows.getLong(2), SqliteSession.bytesOrEmpty(rows, 4));
                    if (opened.size() != count) {
                        addFinding("receipts of device number " + device + ": others than they say");
                    }
                } catch (PlaneException.DataLoss _) {
                    addFinding("receipts of device number " + device + ": cannot be opened");
                }
            }
        }
    }
}
