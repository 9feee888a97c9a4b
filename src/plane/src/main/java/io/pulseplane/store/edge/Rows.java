package io.pulseplane.store.edge;

import io.pulseplane.vitals.Problem;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.OptionalLong;

/** What the tables of the registry have in common: a number inside, an id outside, and keys that are unique. */
final class Rows {

    private Rows() {}

    static OptionalLong numberOf(Session session, String table, String id) throws SQLException {
        var select = session.prepare("SELECT number FROM %1$s WHERE %1$s_id = ?".formatted(table));
        select.setString(1, id);
        try (var row = select.executeQuery()) {
            return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
        }
    }

    /** The number that an {@code INSERT ... RETURNING number} gave. */
    static long number(PreparedStatement insert) throws SQLException {
        try (var row = insert.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    static long known(Session session, String table, String id) throws SQLException {
        return numberOf(session, table, id)
                .orElseThrow(() -> new Problem.NotFound("this " + table + " is not registered"));
    }

    static void refuseIfTaken(Session session, String table, String column, String value, String id)
            throws SQLException {
        var select = session.prepare("SELECT 1 FROM %1$s WHERE %2$s = ? AND %1$s_id <> ?".formatted(table, column));
        select.setString(1, value);
        select.setString(2, id);
        try (var row = select.executeQuery()) {
            if (row.next()) {
                throw new Problem.AlreadyExists("another %s has this %s".formatted(table, column.replace('_', ' ')));
            }
        }
    }
}
