package io.pulseplane.store.edge.sqlite;

import java.sql.SQLException;

/** Work on a session that has a result. */
@FunctionalInterface
public interface SqlFunction<T> {
    T run(SqliteSession session) throws SQLException;
}
