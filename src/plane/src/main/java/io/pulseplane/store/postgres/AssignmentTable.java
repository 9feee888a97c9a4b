package io.pulseplane.store.postgres;

import io.pulseplane.store.Assignment;
import io.pulseplane.store.Device;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.List;
import java.util.Optional;

/** Reads and writes the table {@code assignments}. */
final class AssignmentTable {

    private static final String COLUMNS = "number, device_id, patient_id, assigned_from, assigned_to, provisional";
    private static final String CURRENT =
            "SELECT " + COLUMNS + " FROM assignments WHERE device_id = $1 AND assigned_to IS NULL";
    private static final String INSERT = "INSERT INTO assignments (device_id, patient_id, assigned_from, provisional)"
            + " VALUES ($1, $2, $3, false) RETURNING " + COLUMNS;
    private static final String CONFIRM =
            "UPDATE assignments SET assigned_from = CASE WHEN provisional THEN least(assigned_from, $2)"
                    + " ELSE assigned_from END, provisional = false WHERE number = $1 RETURNING " + COLUMNS;
    private static final String END = "UPDATE assignments SET assigned_to = $2 WHERE number = $1";
    private static final String LIST = "SELECT " + COLUMNS + """
             FROM assignments
            WHERE number < $1 AND (NOT $2::boolean OR assigned_to IS NULL)%s
            ORDER BY number DESC LIMIT $3""";
    private static final String LIST_ALL = LIST.formatted("");
    private static final String LIST_OF_PATIENT = LIST.formatted(" AND patient_id = $4");
    private static final String LIST_OF_DEVICE = LIST.formatted(" AND device_id = $4");

    // Concurrent assignments of a device wait for this lock, so the device is on one patient at a time.
    private static final String LOCK_DEVICE = "SELECT status FROM devices WHERE device_id = $1 FOR NO KEY UPDATE";

    private AssignmentTable() {}

    static Future<Assignment> assign(PostgresSession session, String device, String patient, long from) {
        var status = lock(session, device);
        var isRegistered = PatientTable.exists(session, patient);
        var current = current(session, device);
        return Future.join(status, isRegistered, current).compose(_ -> {
            if (!isRegistered.result()) {
                throw new PlaneException.NotFound("this patient is not registered");
            }
            if (status.result() == Device.Status.RETIRED) {
                throw new PlaneException.FailedPrecondition("the device is retired");
            }
            return move(session, current.result(), device, patient, from);
        });
    }

    private static Future<Assignment> move(
            PostgresSession session, Optional<Assignment> current, String device, String patient, long from) {
        if (current.isPresent() && current.get().patient().equals(patient)) {
            return session.execute(CONFIRM, current.get().number(), Micros.toTime(from))
                    .map(AssignmentTable::single);
        }
        if (current.isPresent()) {
            end(session, current.get(), current.get().endOnMove(from));
        }
        return session.execute(INSERT, device, patient, Micros.toTime(from)).map(AssignmentTable::single);
    }

    static Future<Assignment> release(PostgresSession session, String device, long to) {
        var status = lock(session, device);
        var current = current(session, device);
        return Future.join(status, current).compose(_ -> {
            var assignment = current.result()
                    .orElseThrow(
                            () -> new PlaneException.FailedPrecondition("the device is not assigned to a patient"));
            return end(session, assignment, to).map(assignment.endedAt(to));
        });
    }

    static Future<List<Assignment>> list(
            PostgresSession session, Optional<Subject> subject, boolean currentOnly, long before, int limit) {
        var result = subject.map(s -> session.execute(
                        switch (s) {
                            case Subject.OfPatient _ -> LIST_OF_PATIENT;
                            case Subject.OfDevice _ -> LIST_OF_DEVICE;
                        },
                        before,
                        currentOnly,
                        limit,
                        s.id()))
                .orElseGet(() -> session.execute(LIST_ALL, before, currentOnly, limit));
        return result.map(rows -> RowMapping.list(rows, AssignmentTable::assignmentOf));
    }

    private static Future<Device.Status> lock(PostgresSession session, String device) {
        return session.execute(LOCK_DEVICE, device)
                .map(rows -> RowMapping.first(
                                rows, row -> RowMapping.enumConstant(Device.Status.class, row.getString(0)))
                        .orElseThrow(() -> new PlaneException.NotFound("this device is not registered")));
    }

    private static Future<Optional<Assignment>> current(PostgresSession session, String device) {
        return session.execute(CURRENT, device).map(rows -> RowMapping.first(rows, AssignmentTable::assignmentOf));
    }

    private static Future<?> end(PostgresSession session, Assignment assignment, long to) {
        if (to < assignment.from()) {
            throw new PlaneException.FailedPrecondition("the device's current assignment began after that time");
        }
        return session.execute(END, assignment.number(), Micros.toTime(to));
    }

    private static Assignment single(Iterable<Row> rows) {
        return assignmentOf(rows.iterator().next());
    }

    private static Assignment assignmentOf(Row row) {
        return new Assignment(
                row.getLong(0),
                row.getString(1),
                row.getString(2),
                Micros.of(row.getOffsetDateTime(3)),
                Micros.ofNullable(row.getOffsetDateTime(4)),
                row.getBoolean(5));
    }
}
