package io.pulseplane.store.postgres;

import io.pulseplane.store.Assignment;
import io.pulseplane.store.Device;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.List;
import java.util.Optional;

/** The rows of the table {@code assignments}. */
final class AssignmentRows {

    private static final String COLUMNS = "number, device_id, patient_id, assigned_from, assigned_to, provisional";
    private static final String CURRENT =
            "SELECT " + COLUMNS + " FROM assignments WHERE device_id = $1 AND assigned_to IS NULL";
    private static final String INSERT = "INSERT INTO assignments (device_id, patient_id, assigned_from, provisional)"
            + " VALUES ($1, $2, $3, false) RETURNING " + COLUMNS;
    private static final String CONFIRM =
            "UPDATE assignments SET provisional = false WHERE number = $1 RETURNING " + COLUMNS;
    private static final String END = "UPDATE assignments SET assigned_to = $2 WHERE number = $1";
    private static final String LIST = "SELECT " + COLUMNS + """
             FROM assignments
            WHERE number < $1 AND (NOT $2::boolean OR assigned_to IS NULL)%s
            ORDER BY number DESC LIMIT $3""";
    private static final String LIST_ALL = LIST.formatted("");
    private static final String LIST_OF_PATIENT = LIST.formatted(" AND patient_id = $4");
    private static final String LIST_OF_DEVICE = LIST.formatted(" AND device_id = $4");

    // Whoever moves the device waits, so that it is on one patient at a time.
    private static final String LOCK_DEVICE = "SELECT status FROM devices WHERE device_id = $1 FOR NO KEY UPDATE";

    private AssignmentRows() {}

    static Future<Assignment> assign(Session session, String device, String patient, long from) {
        var status = lock(session, device);
        var known = PatientRows.knows(session, patient);
        var current = current(session, device);
        return Future.join(status, known, current).compose(_ -> {
            if (!known.result()) {
                throw new Problem.NotFound("this patient is not registered");
            }
            if (status.result() == Device.Status.RETIRED) {
                throw new Problem.Unmet("the device is retired");
            }
            return move(session, current.result(), device, patient, from);
        });
    }

    private static Future<Assignment> move(
            Session session, Optional<Assignment> current, String device, String patient, long from) {
        if (current.isPresent() && current.get().patient().equals(patient)) {
            return session.run(CONFIRM, current.get().number()).map(AssignmentRows::only);
        }
        if (current.isPresent()) {
            end(session, current.get(), from);
        }
        return session.run(INSERT, device, patient, Micros.toTime(from)).map(AssignmentRows::only);
    }

    static Future<Assignment> release(Session session, String device, long to) {
        var status = lock(session, device);
        var current = current(session, device);
        return Future.join(status, current).compose(_ -> {
            var assignment = current.result().orElseThrow(() -> new Problem.Unmet("the device is on nobody"));
            return end(session, assignment, to).map(assignment.endedAt(to));
        });
    }

    static Future<List<Assignment>> list(
            Session session, Optional<Subject> subject, boolean currentOnly, long before, int limit) {
        var rows = subject.map(s -> session.run(
                        switch (s) {
                            case Subject.OfPatient _ -> LIST_OF_PATIENT;
                            case Subject.OfDevice _ -> LIST_OF_DEVICE;
                        },
                        before,
                        currentOnly,
                        limit,
                        s.id()))
                .orElseGet(() -> session.run(LIST_ALL, before, currentOnly, limit));
        return rows.map(found -> Rows.list(found, AssignmentRows::assignmentOf));
    }

    private static Future<Device.Status> lock(Session session, String device) {
        return session.run(LOCK_DEVICE, device)
                .map(rows -> Rows.first(rows, row -> Rows.constant(Device.Status.class, row.getString(0)))
                        .orElseThrow(() -> new Problem.NotFound("this device is not registered")));
    }

    private static Future<Optional<Assignment>> current(Session session, String device) {
        return session.run(CURRENT, device).map(rows -> Rows.first(rows, AssignmentRows::assignmentOf));
    }

    private static Future<?> end(Session session, Assignment assignment, long to) {
        if (to < assignment.from()) {
            throw new Problem.Unmet("the assignment the device has began after that time");
        }
        return session.run(END, assignment.number(), Micros.toTime(to));
    }

    private static Assignment only(Iterable<Row> rows) {
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
