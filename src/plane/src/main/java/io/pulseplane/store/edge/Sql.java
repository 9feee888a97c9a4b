package io.pulseplane.store.edge;

import java.sql.SQLException;

/** Work on a session. */
@FunctionalInterface
interface Sql<T> {
    T run(Session session) throws SQLException;
}
