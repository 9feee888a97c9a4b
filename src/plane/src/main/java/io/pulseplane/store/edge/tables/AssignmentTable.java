package io.pulseplane.store.edge.tables;

import io.pulseplane.store.Assignment;
import io.pulseplane.store.Device;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The table {@code assignment}: which device is or was on which patient, from when to when. */
public final class AssignmentTable {

    private static final String SELECT = """
            SELECT a.number, d.device_id, a.patient, a.from_us, a.to_us, a.provisional
            FROM assignment a JOIN device d ON d.number = a.device
            """;

    /** No patient has this number. */
    private static final long NO_PATIENT = 0;

    private final PatientTable patients;

    public AssignmentTable(PatientTable patients) {
        this.patients = patients;
    }

    /**
     * Assigns a device to a patient, and ends the assignment to another patient. An assignment to the same patient goes
     * on, and is not provisional any more.
     *
     * @throws PlaneException.NotFound if the device or the patient is not registered
     * @throws PlaneException.FailedPrecondition if the device is retired, or the present assignment began later
     */
    public Assignment assign(SqliteSession session, String device, String patient, long from) throws SQLException {
        long deviceNumber = DeviceTable.requireNumber(session, device);
        long patientNumber = patients.requireNumber(session, patient);
        if (DeviceTable.byId(session, device).orElseThrow().status() == Device.Status.RETIRED) {
            throw new PlaneException.FailedPrecondition("the device is retired");
        }
        var current = current(session, deviceNumber);
        if (current.isPresent() && current.get().patient().equals(patient)) {
            confirm(session, current.get().number(), from);
        } else {
            if (current.isPresent()) {
                end(session, current.get(), current.get().endOnMove(from));
            }
            insert(session, deviceNumber, patientNumber, from, false);
        }
        return current(session, deviceNumber).orElseThrow();
    }

    /**
     * Ends the present assignment of a device.
     *
     * @throws PlaneException.NotFound if the device is not registered
     * @throws PlaneException.FailedPrecondition if the device is assigned to no patient, or the assignment began later
     */
    public Assignment release(SqliteSession session, String device, long to) throws SQLException {
        var current = current(session, DeviceTable.requireNumber(session, device))
                .orElseThrow(() -> new PlaneException.FailedPrecondition("the device is assigned to no patient"));
        end(session, current, to);
        return current.endedAt(to);
    }

    public List<Assignment> list(
            SqliteSession session, Optional<Subject> subject, boolean currentOnly, long before, int limit)
            throws SQLException {
        var condition = subject.map(s -> switch (s) {
                    case Subject.OfPatient _ -> "a.patient = ?4";
                    case Subject.OfDevice _ -> "d.device_id = ?4";
                })
                .orElse("?4 IS NULL");
        var select = session.prepare(SELECT + "WHERE a.number < ?1 AND (NOT ?2 OR a.to_us IS NULL) AND " + condition
                + " ORDER BY a.number DESC LIMIT ?3");
        select.setLong(1, before);
        select.setBoolean(2, currentOnly);
        select.setInt(3, limit);
        switch (subject.orElse(null)) {
            case Subject.OfPatient(var id) ->
                select.setLong(4, patients.numberOf(session, id).orElse(NO_PATIENT));
            case Subject.OfDevice(var id) -> select.setString(4, id);
            case null -> select.setString(4, null);
        }
        var assignments = new ArrayList<Assignment>();
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                assignments.add(assignmentOf(session, rows));
            }
        }
        return assignments;
    }

    private Optional<Assignment> current(SqliteSession session, long device) throws SQLException {
        var select = session.prepare(SELECT + "WHERE a.device = ? AND a.to_us IS NULL");
        select.setLong(1, device);
        try (var row = select.executeQuery()) {
            return row.next() ? Optional.of(assignmentOf(session, row)) : Optional.empty();
        }
    }

    private Assignment assignmentOf(SqliteSession session, ResultSet row) throws SQLException {
        long to = row.getLong(5);
        boolean isCurrent = row.wasNull();
        return new Assignment(
                row.getLong(1),
                row.getString(2),
                // Erasing a patient deletes the assignments, so there is a key.
                patients.idOf(session, row.getLong(3))
                        .orElseThrow(() -> new PlaneException.DataLoss("the key of a patient is missing")),
                row.getLong(4),
                isCurrent ? OptionalLong.empty() : OptionalLong.of(to),
                row.getBoolean(6));
    }

    public static void insert(SqliteSession session, long device, long patient, long from, boolean provisional)
            throws SQLException {
        var insert =
                session.prepare("INSERT INTO assignment (device, patient, from_us, provisional) VALUES (?, ?, ?, ?)");
        insert.setLong(1, device);
        insert.setLong(2, patient);
        insert.setLong(3, from);
        insert.setBoolean(4, provisional);
        insert.executeUpdate();
    }

    static void deleteOfPatient(SqliteSession session, long patient) throws SQLException {
        var delete = session.prepare("DELETE FROM assignment WHERE patient = ?");
        delete.setLong(1, patient);
        delete.executeUpdate();
    }

    private static void confirm(SqliteSession session, long assignment, long from) throws SQLException {
        var update = session.prepare(
                "UPDATE assignment SET provisional = 0, from_us = min(from_us, ?) WHERE number = ? AND provisional");
        update.setLong(1, from);
        update.setLong(2, assignment);
        update.executeUpdate();
    }

    private static void end(SqliteSession session, Assignment assignment, long to) throws SQLException {
        if (to < assignment.from()) {
            throw new PlaneException.FailedPrecondition("the present assignment of the device began after that time");
        }
        var update = session.prepare("UPDATE assignment SET to_us = ? WHERE number = ?");
        update.setLong(1, to);
        update.setLong(2, assignment.number());
        update.executeUpdate();
    }
}
