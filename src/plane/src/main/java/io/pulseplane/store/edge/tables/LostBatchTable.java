package io.pulseplane.store.edge.tables;

import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** The table {@code lost_batch}: acknowledged batches that were damaged in the journal. Queries learn of them. */
public final class LostBatchTable {

    public static final String CREATE_TABLE = """
            -- Batches that were damaged in the journal: one of an entry, or that one and all that follow it there.
            -- The patient is NULL if nothing says whose it was. The readings were measured about this time.
            CREATE TABLE lost_batch (
              entry INTEGER NOT NULL,
              batch INTEGER NOT NULL,
              patient INTEGER,
              from_us INTEGER NOT NULL,
              to_us INTEGER NOT NULL
            ) STRICT;

            -- Every entry of the journal after this one must be there. Negative if that is not known yet.
            ALTER TABLE store_identity ADD COLUMN journal_start INTEGER NOT NULL DEFAULT -1;
            """;

    /**
     * A batch, or the rest of an entry.
     *
     * @param patient empty if nothing says whose batches they were
     * @param from the earliest time at which readings of it were probably measured, in microseconds since the epoch
     * @param to the latest such time
     */
    public record LostBatch(long entry, int batch, OptionalLong patient, long from, long to) {}

    private LostBatchTable() {}

    /** Adds a batch. It must not be there yet. */
    public static void add(SqliteSession session, LostBatch lost) throws SQLException {
        var insert = session.prepare("INSERT INTO lost_batch VALUES (?, ?, ?, ?, ?)");
        insert.setLong(1, lost.entry);
        insert.setInt(2, lost.batch);
        if (lost.patient.isPresent()) {
            insert.setLong(3, lost.patient.getAsLong());
        } else {
            insert.setNull(3, Types.INTEGER);
        }
        insert.setLong(4, lost.from);
        insert.setLong(5, lost.to);
        insert.executeUpdate();
    }

    public static List<LostBatch> list(SqliteSession session) throws SQLException {
        var lost = new ArrayList<LostBatch>();
        try (var rows = session.prepare("SELECT entry, batch, patient, from_us, to_us FROM lost_batch")
                .executeQuery()) {
            while (rows.next()) {
                long number = rows.getLong(3);
                var patient = rows.wasNull() ? OptionalLong.empty() : OptionalLong.of(number);
                lost.add(new LostBatch(rows.getLong(1), rows.getInt(2), patient, rows.getLong(4), rows.getLong(5)));
            }
        }
        return lost;
    }

    /** Forgets what was measured before a time, because the readings would have been deleted by now. */
    public static int deleteBefore(SqliteSession session, long time) throws SQLException {
        var delete = session.prepare("DELETE FROM lost_batch WHERE to_us < ?");
        delete.setLong(1, time);
        return delete.executeUpdate();
    }

    /** The number after which every entry of the journal must be there; negative if that is not known. */
    public static long journalStart(SqliteSession session) throws SQLException {
        try (var row =
                session.prepare("SELECT journal_start FROM store_identity").executeQuery()) {
            return row.next() ? row.getLong(1) : -1;
        }
    }

    /** Nothing says which entries an older version has deleted, so only those that come now must be there. */
    public static void beginJournalStart(SqliteSession session) throws SQLException {
        session.execute("""
                UPDATE store_identity SET journal_start = max(
                  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0),
                  coalesce((SELECT max(number) FROM journal), 0))
                WHERE journal_start < 0""");
    }

    public static void setJournalStart(SqliteSession session, long entry) throws SQLException {
        var update = session.prepare("UPDATE store_identity SET journal_start = max(journal_start, ?)");
        update.setLong(1, entry);
        update.executeUpdate();
    }
}
