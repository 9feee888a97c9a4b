package io.pulseplane.store.edge.tables;

import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.Series;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/** The table {@code series}, with one row for each patient, device, code and unit. */
public final class SeriesTable {

    private static final String SELECT = """
            SELECT s.number, s.patient, d.device_id, s.code, s.unit
            FROM series s JOIN device d ON d.number = s.device
            WHERE %s""";

    private static final String OF_PATIENT = SELECT.formatted("s.patient = ?");
    private static final String OF_DEVICE = SELECT.formatted("d.device_id = ?");

    private SeriesTable() {}

    /**
     * A row of the table, with the id of the device.
     *
     * @param patient the number of the patient
     * @param device the id of the device
     */
    public record Row(long number, long patient, String device, String code, String unit) {}

    /**
     * The number of a series, if there is one.
     *
     * @param patient the number of the patient
     * @param device the number of the device
     */
    public static OptionalLong find(SqliteSession session, Series series, long patient, long device)
            throws SQLException {
        // The plus keeps SQLite from using the index by device: a patient has fewer series than a device, which has
        // been on many patients.
        var select = session.prepare(
                "SELECT number FROM series WHERE patient = ? AND +device = ? AND code = ? AND unit = ?");
        setColumns(select, series, patient, device);
        try (var row = select.executeQuery()) {
            return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
        }
    }

    /** The number of the new row. */
    public static long insert(SqliteSession session, Series series, long patient, long device) throws SQLException {
        var insert = session.prepare(
                "INSERT INTO series (patient, device, code, unit) VALUES (?, ?, ?, ?) RETURNING number");
        setColumns(insert, series, patient, device);
        return SqliteSession.insertedNumber(insert);
    }

    private static void setColumns(PreparedStatement statement, Series series, long patient, long device)
            throws SQLException {
        statement.setLong(1, patient);
        statement.setLong(2, device);
        statement.setString(3, series.code());
        statement.setString(4, series.unit());
    }

    public static List<Row> ofPatient(SqliteSession session, long patient) throws SQLException {
        var select = session.prepare(OF_PATIENT);
        select.setLong(1, patient);
        return readAll(select);
    }

    public static List<Row> ofDevice(SqliteSession session, String device) throws SQLException {
        var select = session.prepare(OF_DEVICE);
        select.setString(1, device);
        return readAll(select);
    }

    private static List<Row> readAll(PreparedStatement select) throws SQLException {
        var series = new ArrayList<Row>();
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                series.add(new Row(
                        rows.getLong(1), rows.getLong(2), rows.getString(3), rows.getString(4), rows.getString(5)));
            }
        }
        return series;
    }
}
