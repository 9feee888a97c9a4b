package io.pulseplane.store.edge.salvage;

import io.pulseplane.store.edge.salvage.Cells.Row;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.sql.SQLException;

/**
 * Writes rows of one table into the new store as they are, if they are of the right shape. The first of two rows with
 * the same number stays.
 */
final class RowCopier {

    private final String types;
    private final boolean hasNumber;
    private final String insert;

    /**
     * @param types a letter for each column: i, t, b for integer, text, blob; a capital if it may be NULL
     * @param hasNumber whether the first column is the number of the row, which SQLite keeps elsewhere
     */
    RowCopier(String table, String types, boolean hasNumber) {
        this.types = types;
        this.hasNumber = hasNumber;
        this.insert = "INSERT OR IGNORE INTO " + table + " VALUES (?" + ", ?".repeat(types.length() - 1) + ")";
    }

    boolean matches(Row row) {
        if (row.values().size() != types.length()) {
            return false;
        }
        for (int i = hasNumber ? 1 : 0; i < types.length(); i++) {
            char type = types.charAt(i);
            boolean isRight =
                    switch (row.values().get(i)) {
                        case null -> Character.isUpperCase(type);
                        case Long _ -> Character.toLowerCase(type) == 'i';
                        case String _ -> Character.toLowerCase(type) == 't';
                        case byte[] _ -> Character.toLowerCase(type) == 'b';
                        default -> false;
                    };
            if (!isRight) {
                return false;
            }
        }
        return !hasNumber || row.number() > 0;
    }

    /** Returns whether the row was written. */
    boolean copy(SqliteSession target, Row row) throws SQLException {
        var statement = target.prepare(insert);
        for (int i = 0; i < types.length(); i++) {
            statement.setObject(
                    i + 1,
                    i == 0 && hasNumber ? (Object) row.number() : row.values().get(i));
        }
        return statement.executeUpdate() > 0;
    }
}
