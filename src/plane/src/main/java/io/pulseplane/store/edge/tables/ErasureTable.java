package io.pulseplane.store.edge.tables;

import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The table {@code erased}: which patients were erased and when. Rows stay, and name nobody. */
public final class ErasureTable {

    private ErasureTable() {}

    /**
     * The erasure of a patient.
     *
     * @param patient the number of the patient
     * @param idTag the tag of the patient's id
     */
    public record Erasure(long patient, byte[] idTag, long time) {}

    static void insert(SqliteSession session, Erasure erasure) throws SQLException {
        var insert = session.prepare("INSERT INTO erased VALUES (?, ?, ?, 0)");
        insert.setLong(1, erasure.patient);
        insert.setBytes(2, erasure.idTag);
        insert.setLong(3, erasure.time);
        insert.executeUpdate();
    }

    /** The latest erasure of a patient whose id has this tag. */
    static Optional<Erasure> latest(SqliteSession session, byte[] idTag) throws SQLException {
        var select =
                session.prepare("SELECT patient, erased_us FROM erased WHERE id_tag = ? ORDER BY patient DESC LIMIT 1");
        select.setBytes(1, idTag);
        try (var row = select.executeQuery()) {
            return row.next() ? Optional.of(new Erasure(row.getLong(1), idTag, row.getLong(2))) : Optional.empty();
        }
    }

    public static boolean isErased(SqliteSession session, long patient) throws SQLException {
        var select = session.prepare("SELECT 1 FROM erased WHERE patient = ?");
        select.setLong(1, patient);
        try (var row = select.executeQuery()) {
            return row.next();
        }
    }

    /** Erasures of patients whose chunks may still be on disk. Nobody can open those. */
    public static List<Erasure> listUncollected(SqliteSession session) throws SQLException {
        var erasures = new ArrayList<Erasure>();
        try (var rows = session.prepare("SELECT patient, id_tag, erased_us FROM erased WHERE collected = 0")
                .executeQuery()) {
            while (rows.next()) {
                erasures.add(new Erasure(rows.getLong(1), SqliteSession.bytesOrEmpty(rows, 2), rows.getLong(3)));
            }
        }
        return erasures;
    }

    /** Notes that the patient's chunks are deleted. */
    public static void markCollected(SqliteSession session, long patient) throws SQLException {
        var update = session.prepare("UPDATE erased SET collected = 1 WHERE patient = ?");
        update.setLong(1, patient);
        update.executeUpdate();
    }
}
