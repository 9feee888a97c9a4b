package io.pulseplane.store.edge.journal;

import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/** The ids of devices by their numbers, each looked up once. */
final class DeviceIdCache {

    private final Map<Long, String> ids = new HashMap<>();

    String idOf(SqliteSession session, long number) throws SQLException {
        var known = ids.get(number);
        if (known == null) {
            var select = session.prepare("SELECT device_id FROM device WHERE number = ?");
            select.setLong(1, number);
            try (var row = select.executeQuery()) {
                known = row.next() ? row.getString(1) : "";
            }
            ids.put(number, known);
        }
        return known;
    }
}
