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
import io.pulseplane.store.edge.tables.LostBatchTable;
import io.pulseplane.store.edge.tables.QuarantineTable;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.store.edge.tables.Schema;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.chunk.ChunkReader;
import io.pulseplane.vitals.chunk.ChunkSummary;
import io.pulseplane.vitals.chunk.CorruptDataException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Verifies everything that an edge store has on disk: decrypts every row, checks every checksum, and decodes every
 * reading. It changes nothing, and a plane may have the store open meanwhile.
 */
public final class Verification {

    /** More findings would not help an operator. */
    private static final int MAX_FINDINGS = 1_000;

    /**
     * The result of a verification.
     *
     * @param findings the first {@value #MAX_FINDINGS} descriptions of what is damaged; they give the numbers of
     *     patients, and nothing that identifies a patient
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
     * @throws PlaneException.FailedPrecondition if the keys are wrapped under another node key, or if the schema is of
     *     another version
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
        if (session.pragma("user_version") != Schema.VERSION) {
            throw new PlaneException.FailedPrecondition(
                    "the store has the schema of another version; a plane of this version migrates it when it starts");
        }
        verifyPart("the database", this::verifyPages);
        if (!KeyCheckValue.matches(session, vault)) {
            addFinding("the keys are not those that the database was sealed under");
        }
        verifyPart("patients", this::verifyPatients);
        verifyPart("chunks", this::verifyChunks);
        verifyPart("quarantined chunks", this::verifyQuarantine);
        verifyPart("the journal", this::verifyJournal);
        verifyPart("lost batches", this::verifyLostBatches);
        verifyPart("receipts", this::verifyReceipts);
        return new Report(patients, chunks, readings, batches, receipts, List.copyOf(findings));
    }

    private void addFinding(String finding) {
        if (findings.size() < MAX_FINDINGS) {
            findings.add(finding);
        }
    }

    /** If SQLite cannot read on because the file is damaged, this part ends, and the next one still runs. */
    private void verifyPart(String name, SqliteSession.SqlAction part) throws SQLException {
        try {
            part.run();
        } catch (SQLException e) {
            if (!(SqliteErrors.toPlaneException(e) instanceof PlaneException.DataLoss)) {
                throw e;
            }
            addFinding(name + ": the file is damaged, and not all could be read");
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
        var select = session.prepare("""
                SELECT c.number, c.series, c.first_us, c.last_us, c.count, s.patient, c.payload
                FROM chunk c LEFT JOIN series s ON s.number = c.series ORDER BY c.series, c.first_us""");
        try (var rows = select.executeQuery()) {
            Header previous = null;
            while (rows.next()) {
                var header =
                        new Header(rows.getLong(1), rows.getLong(2), rows.getLong(3), rows.getLong(4), rows.getInt(5));
                if (previous != null
                        && previous.series() == header.series()
                        && header.firstTime() <= previous.lastTime()) {
                    addFinding(describe(header) + ": overlaps the one before it");
                }
                previous = header;
                var key = keyOf(rows.getLong(6), header);
                if (key.isPresent()) {
                    verify(header, key.get(), SqliteSession.bytesOrEmpty(rows, 7));
                }
            }
        }
    }

    /**
     * Empty if the patient was erased: then nobody can open the chunk, and it will be deleted. Empty if it is damaged,
     * too.
     */
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
                addFinding(describe(header) + ": the readings do not match the header");
            }
        } catch (PlaneException.DataLoss | CorruptDataException e) {
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
        for (var header : QuarantineTable.list(session)) {
            addFinding(describe(header) + ": is in quarantine, because it could not be opened");
        }
    }

    private void verifyJournal() throws SQLException {
        new Journal(vault)
                .visit(
                        session,
                        0,
                        (_, _, entryBatches) -> {
                            batches += entryBatches.size();
                            return true;
                        },
                        loss -> addFinding("entry " + loss.entry() + " of the journal: " + loss.description()));
    }

    private void verifyLostBatches() throws SQLException {
        for (var lost : LostBatchTable.list(session)) {
            var patient = lost.patient();
            addFinding("entry " + lost.entry() + " of the journal, batch " + lost.batch() + ", stored from "
                    + lost.from() + " to " + lost.to() + " us: was damaged and is lost; the patient is "
                    + (patient.isPresent() ? "number " + patient.getAsLong() : "not known"));
        }
    }

    private void verifyReceipts() throws SQLException {
        var table = new ReceiptTable(vault);
        try (var rows = session.prepare("SELECT device, first, count, payload FROM receipt")
                .executeQuery()) {
            while (rows.next()) {
                long device = rows.getLong(1);
                int count = rows.getInt(3);
                receipts += count;
                try {
                    var opened = table.decode(session, device, rows.getLong(2), SqliteSession.bytesOrEmpty(rows, 4));
                    if (opened.size() != count) {
                        addFinding("receipts of device number " + device + ": the row has another count of them");
                    }
                } catch (PlaneException.DataLoss _) {
                    addFinding("receipts of device number " + device + ": cannot be opened");
                }
            }
        }
    }
}
