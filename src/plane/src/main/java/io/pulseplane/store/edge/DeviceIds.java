package io.pulseplane.store.edge;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/** The ids of devices by their numbers, each looked up once. */
final class DeviceIds {

    private final Map<Long, String> ids = new HashMap<>();

    String of(Session session, long number) throws SQLException {
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
