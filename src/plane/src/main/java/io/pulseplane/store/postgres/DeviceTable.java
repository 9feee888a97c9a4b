package io.pulseplane.store.postgres;

import io.pulseplane.store.Device;
import io.pulseplane.store.Registry.PutResult;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads and writes the table {@code devices}. */
final class DeviceTable {

    private static final String COLUMNS =
            "device_id, serial_number, device_type, manufacturer, model, firmware_version,"
                    + " status, last_seen, last_sequence, provisional, created_at, updated_at";
    private static final String SELECT = "SELECT " + COLUMNS + " FROM devices ";
    private static final String BY_ID = SELECT + "WHERE device_id = $1";
    private static final String BY_SERIAL_NUMBER = SELECT + "WHERE serial_number = $1";
    private static final String LIST_AFTER =
            SELECT + "WHERE device_id > $1 AND ($2::text IS NULL OR status = $2) ORDER BY device_id LIMIT $3";
    private static final String EXISTS = "SELECT 1 FROM devices WHERE device_id = $1";

    // xmax is 0 for an inserted row. An existing row was locked, which sets its xmax.
    private static final String PUT = """
            INSERT INTO devices (device_id, serial_number, device_type, manufacturer, model, firmware_version, status,
              provisional, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, false, $8, $8)
            ON CONFLICT (device_id) DO UPDATE SET serial_number = excluded.serial_number,
              device_type = excluded.device_type, manufacturer = excluded.manufacturer, model = excluded.model,
              firmware_version = excluded.firmware_version, status = excluded.status, provisional = false,
              updated_at = excluded.updated_at
            RETURNING\s""" + COLUMNS + ", xmax = 0";

    private static final String REGISTER = """
            WITH fresh AS (
              INSERT INTO devices (device_id, status, provisional, created_at, updated_at)
              SELECT id, 'active', true, $3, $3 FROM unnest($1::text[]) AS id ORDER BY id
              ON CONFLICT DO NOTHING RETURNING device_id)
            INSERT INTO assignments (device_id, patient_id, assigned_from, provisional)
            SELECT named.device, named.patient, $3, true
            FROM fresh JOIN unnest($1::text[], $2::text[]) AS named(device, patient) ON named.device = fresh.device_id
            ORDER BY named.device""";

    // NO KEY: a transaction that only refers to the device need not wait.
    private static final String LOCK = """
            SELECT device_id, last_sequence, measured_until FROM devices
            WHERE device_id = ANY ($1::text[]) ORDER BY device_id FOR NO KEY UPDATE""";

    private static final String UPDATE_WATERMARKS = """
            UPDATE devices d SET last_seen = $4, last_sequence = seen.sequence,
              measured_until = greatest(d.measured_until, seen.until)
            FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS seen(device, sequence, until)
            WHERE d.device_id = seen.device""";

    private static final String UNIQUE_SERIAL_NUMBER = "devices_serial_number";

    private DeviceTable() {}

    /**
     * High-water mark of a device: its last sequence and its latest time.
     *
     * @param latestTime no reading of the device is later than this, microseconds since the epoch
     */
    record Watermark(long lastSequence, long latestTime) {

        /** The watermark after another batch. Sequences are unsigned. */
        Watermark advancedBy(ScreenedBatch batch) {
            long sequence = Long.compareUnsigned(lastSequence, batch.sequence()) >= 0 ? lastSequence : batch.sequence();
            long latest = latestTime;
            for (var block : batch.blocks()) {
                latest = Math.max(latest, block.columns().lastTime());
            }
            return new Watermark(sequence, latest);
        }
    }

    static Future<PutResult<Device>> put(PostgresSession session, Device device, long time) {
        return session.execute(
                        PUT,
                        device.id(),
                        device.serialNumber().orElse(null),
                        device.type(),
                        device.manufacturer(),
                        device.model(),
                        device.firmwareVersion(),
                        RowMapping.enumText(device.status()),
                        Micros.toTime(time))
                .map(rows -> rows.iterator().next())
                .map(row -> new PutResult<>(deviceOf(row), row.getBoolean(12)))
                .recover(failure -> Future.failedFuture(
                        PostgresErrors.violates(failure, UNIQUE_SERIAL_NUMBER)
                                ? new PlaneException.AlreadyExists("another device has this serial number")
                                : failure));
    }

    /** Registers the devices that are not registered, with the id alone, and assigns each to its patient. */
    static Future<?> register(PostgresSession session, Map<String, String> patientsByDevice, long time) {
        return session.execute(
                REGISTER,
                patientsByDevice.keySet().toArray(String[]::new),
                patientsByDevice.values().toArray(String[]::new),
                Micros.toTime(time));
    }

    /** Locks the devices, so that no other plane stores their readings until the transaction ends. */
    static Future<Map<String, Watermark>> lock(PostgresSession session, Collection<String> ids) {
        return session.execute(LOCK, (Object) ids.toArray(String[]::new)).map(rows -> {
            var watermarks = new TreeMap<String, Watermark>();
            for (var row : rows) {
                long until = Micros.ofNullable(row.getOffsetDateTime(2)).orElse(Long.MIN_VALUE);
                watermarks.put(row.getString(0), new Watermark(row.getLong(1), until));
            }
            return watermarks;
        });
    }

    /** Notes that batches of these devices became durable. */
    static Future<?> updateWatermarks(PostgresSession session, Map<String, Watermark> devices, long time) {
        var all = devices.values();
        return session.execute(
                UPDATE_WATERMARKS,
                devices.keySet().toArray(String[]::new),
                all.stream().map(Watermark::lastSequence).toArray(Long[]::new),
                all.stream()
                        .map(device ->
                                device.latestTime() == Long.MIN_VALUE ? null : Micros.toTime(device.latestTime()))
                        .toArray(OffsetDateTime[]::new),
                Micros.toTime(time));
    }

    static Future<Boolean> exists(PostgresSession session, String id) {
        return session.execute(EXISTS, id).map(rows -> rows.size() == 1);
    }

    static Future<Optional<Device>> byId(PostgresSession session, String id) {
        return session.execute(BY_ID, id).map(rows -> RowMapping.first(rows, DeviceTable::deviceOf));
    }

    static Future<Optional<Device>> bySerialNumber(PostgresSession session, String serialNumber) {
        return session.execute(BY_SERIAL_NUMBER, serialNumber)
                .map(rows -> RowMapping.first(rows, DeviceTable::deviceOf));
    }

    static Future<List<Device>> listAfter(
            PostgresSession session, String id, Optional<Device.Status> status, int limit) {
        return session.execute(LIST_AFTER, id, status.map(RowMapping::enumText).orElse(null), limit)
                .map(rows -> RowMapping.list(rows, DeviceTable::deviceOf));
    }

    private static Device deviceOf(Row row) {
        return new Device(
                row.getString(0),
                Optional.ofNullable(row.getString(1)),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getString(5),
                RowMapping.enumConstant(Device.Status.class, row.getString(6)),
                Micros.ofNullable(row.getOffsetDateTime(7)).orElse(0),
                row.getLong(8),
                row.getBoolean(9),
                Micros.of(row.getOffsetDateTime(10)),
                Micros.of(row.getOffsetDateTime(11)));
    }
}
