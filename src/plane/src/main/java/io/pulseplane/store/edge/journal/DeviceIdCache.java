package io.pulseplane.store.edge.journal;

import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** The ids of devices by their numbers; each is read once. */
final class DeviceIdCache {

    private final Map<Long, String> ids = new HashMap<>();

    /** The id of a device; empty text if the row is missing, or damage has taken the id out of it. */
    String idOf(SqliteSession session, long number) throws SQLException {
        var id = ids.get(number);
        if (id == null) {
            var select = session.prepare("SELECT device_id FROM device WHERE number = ?");
            select.setLong(1, number);
            try (var row = select.executeQuery()) {
                id = row.next() ? Objects.requireNonNullElse(row.getString(1), "") : "";
            } catch (SQLException e) {
                if (!SqliteErrors.isDamage(e)) {
                    throw e;
                }
                session.forget(select);
                id = "";
            }
            ids.put(number, id);
        }
        return id;
    }
}
