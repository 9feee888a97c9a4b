package io.pulseplane.store.edge.tables;

import io.pulseplane.store.Device;
import io.pulseplane.store.Registry.PutResult;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The table {@code device}. */
public final class DeviceTable {

    private static final String COLUMNS =
            "device_id, serial_number, device_type, manufacturer, model, firmware_version,"
                    + " status, last_seen_us, last_sequence, provisional, created_us, updated_us";
    private static final String SELECT = "SELECT " + COLUMNS + " FROM device ";
    private static final String INSERT =
            "INSERT INTO device (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number";

    private DeviceTable() {}

    /**
     * Inserts or updates a device. When and with which sequence it was last seen stays as it is.
     *
     * @throws PlaneException.AlreadyExists if another device has the serial number
     */
    public static PutResult<Device> put(SqliteSession session, Device device, long time) throws SQLException {
        if (device.serialNumber().isPresent()) {
            refuseIfSerialNumberTaken(session, device.serialNumber().get(), device.id());
        }
        var update = session.prepare("""
                UPDATE device SET device_id = ?, serial_number = ?, device_type = ?, manufacturer = ?, model = ?,
                  firmware_version = ?, status = ?, provisional = ?, updated_us = ? WHERE device_id = ?""");
        int next = setDetails(update, device);
        update.setBoolean(next++, false);
        update.setLong(next++, time);
        update.setString(next, device.id());
        boolean created = update.executeUpdate() == 0;
        if (created) {
            insert(session, withTimestamps(device, time));
        }
        return new PutResult<>(byId(session, device.id()).orElseThrow(), created);
    }

    private static void refuseIfSerialNumberTaken(SqliteSession session, String serialNumber, String id)
            throws SQLException {
        var select = session.prepare("SELECT 1 FROM device WHERE serial_number = ? AND device_id <> ?");
        select.setString(1, serialNumber);
        select.setString(2, id);
        try (var row = select.executeQuery()) {
            if (row.next()) {
                throw new PlaneException.AlreadyExists("another device has this serial number");
            }
        }
    }

    private static Device withTimestamps(Device device, long time) {
        return new Device(
                device.id(),
                device.serialNumber(),
                device.type(),
                device.manufacturer(),
                device.model(),
                device.firmwareVersion(),
                device.status(),
                0,
                0,
                false,
                time,
                time);
    }

    /**
     * Sets the parameters that both statements begin with.
     *
     * @return the index of the next parameter
     */
    private static int setDetails(PreparedStatement statement, Device device) throws SQLException {
        statement.setString(1, device.id());
        statement.setString(2, device.serialNumber().orElse(null));
        statement.setString(3, device.type());
        statement.setString(4, device.manufacturer());
        statement.setString(5, device.model());
        statement.setString(6, device.firmwareVersion());
        statement.setString(7, device.status().name());
        return 8;
    }

    /** The number of the new row. */
    public static long insert(SqliteSession session, Device device) throws SQLException {
        var insert = session.prepare(INSERT);
        int next = setDetails(insert, device);
        insert.setLong(next++, device.lastSeenAt());
        insert.setLong(next++, device.lastSequence());
        insert.setBoolean(next++, device.provisional());
        insert.setLong(next++, device.createdAt());
        insert.setLong(next, device.updatedAt());
        return SqliteSession.insertedNumber(insert);
    }

    public static OptionalLong numberOf(SqliteSession session, String id) throws SQLException {
        var select = session.prepare("SELECT number FROM device WHERE device_id = ?");
        select.setString(1, id);
        try (var row = select.executeQuery()) {
            return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
        }
    }

    static long requireNumber(SqliteSession session, String id) throws SQLException {
        return numberOf(session, id).orElseThrow(() -> new PlaneException.NotFound("this device is not registered"));
    }

    public static Optional<Device> byId(SqliteSession session, String id) throws SQLException {
        return find(session, "WHERE device_id = ?", id);
    }

    public static Optional<Device> bySerialNumber(SqliteSession session, String serialNumber) throws SQLException {
        return find(session, "WHERE serial_number = ?", serialNumber);
    }

    private static Optional<Device> find(SqliteSession session, String where, String key) throws SQLException {
        var select = session.prepare(SELECT + where);
        select.setString(1, key);
        try (var row = select.executeQuery()) {
            return row.next() ? Optional.of(deviceOf(row)) : Optional.empty();
        }
    }

    public static List<Device> listAfter(SqliteSession session, String id, Optional<Device.Status> status, int limit)
            throws SQLException {
        var select = session.prepare(
                SELECT + "WHERE device_id > ?1 AND (?2 IS NULL OR status = ?2) ORDER BY device_id LIMIT ?3");
        select.setString(1, id);
        select.setString(2, status.map(Enum::name).orElse(null));
        select.setInt(3, limit);
        var devices = new ArrayList<Device>();
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                devices.add(deviceOf(rows));
            }
        }
        return devices;
    }

    /** Notes when a device was last seen. The last sequence becomes the higher of the stored one and the given one. */
    public static void updateLastSeen(SqliteSession session, long number, long sequence, long time)
            throws SQLException {
        var select = session.prepare("SELECT last_sequence FROM device WHERE number = ?");
        select.setLong(1, number);
        long last;
        try (var row = select.executeQuery()) {
            row.next();
            last = row.getLong(1);
        }
        var update = session.prepare("UPDATE device SET last_seen_us = ?, last_sequence = ? WHERE number = ?");
        update.setLong(1, time);
        update.setLong(2, Sequences.max(last, sequence));
        update.setLong(3, number);
        update.executeUpdate();
    }

    private static Device deviceOf(ResultSet row) throws SQLException {
        return new Device(
                row.getString(1),
                Optional.ofNullable(row.getString(2)),
                row.getString(3),
                row.getString(4),
                row.getString(5),
                row.getString(6),
                Device.Status.valueOf(row.getString(7)),
                row.getLong(8),
                row.getLong(9),
                row.getBoolean(10),
                row.getLong(11),
                row.getLong(12));
    }
}
