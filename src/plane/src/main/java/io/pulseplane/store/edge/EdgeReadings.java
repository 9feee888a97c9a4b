package io.pulseplane.store.edge;

import io.pulseplane.store.Aggregates;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Receipt;
import io.pulseplane.store.edge.SeriesReader.Found;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Readings, in the journal at first and in chunks after that. */
final class EdgeReadings implements ReadingStore {

    private static final String SERIES = """
            SELECT s.number, s.patient, d.device_id, s.code, s.unit
            FROM series s JOIN device d ON d.number = s.device
            WHERE %s""";

    private static final String SERIES_OF_PATIENT = SERIES.formatted("s.patient = ?");
    private static final String SERIES_OF_DEVICE = SERIES.formatted("d.device_id = ?");

    private final Writer writer;
    private final Readers readers;
    private final Appender appender;
    private final PatientRows patients;
    private final SeriesReader reader;
    private final Space space;
    private final Upkeep upkeep;

    EdgeReadings(
            Writer writer,
            Readers readers,
            Appender appender,
            PatientRows patients,
            SeriesReader reader,
            Space space,
            Upkeep upkeep) {
        this.writer = writer;
        this.readers = readers;
        this.appender = appender;
        this.patients = patients;
        this.reader = reader;
        this.space = space;
        this.upkeep = upkeep;
    }

    @Override
    public Uni<List<Receipt>> append(List<ScreenedBatch> group) {
        return writer.transaction(
                session -> {
                    refuseIfFull(group);
                    upkeep.refuseIfBehind();
                    return appender.append(session, group);
                },
                _ -> {
                    space.written(appender.committed());
                    upkeep.written();
                });
    }

    private void refuseIfFull(List<ScreenedBatch> group) {
        try {
            space.refuseIfFull(group);
        } catch (Problem.Exhausted e) {
            upkeep.call();
            throw e;
        }
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return readers.read(session -> List.copyOf(find(session, subject).keySet()));
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return readers.read(session -> {
            var latest = new ArrayList<Reading>();
            for (var entry : find(session, subject).entrySet()) {
                reader.latest(session, entry.getValue(), entry.getKey()).ifPresent(latest::add);
            }
            return latest;
        });
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return readers.read(session -> {
            var found = find(session, series);
            return found.isPresent()
                    ? reader.read(session, found.get(), series, range, order, limit)
                    : new Columns(series, new long[0], new double[0]);
        });
    }

    @Override
    public Uni<Aggregates> aggregate(Series series, TimeRange range, long width, int limit) {
        return readers.read(session -> {
            var builder = new Aggregates.Builder(width);
            var found = find(session, series);
            if (found.isPresent()) {
                reader.aggregate(session, found.get(), range, width, limit, builder);
            }
            return builder.build(limit);
        });
    }

    private Optional<Found> find(Session session, Series series) throws SQLException {
        var patient = patients.numberOf(session, series.patient());
        if (patient.isEmpty()) {
            return Optional.empty();
        }
        var select = session.prepare("""
                SELECT s.number FROM series s
                WHERE s.patient = ? AND +s.device = (SELECT number FROM device WHERE device_id = ?)
                  AND s.code = ? AND s.unit = ?""");
        select.setLong(1, patient.getAsLong());
        select.setString(2, series.device());
        select.setString(3, series.code());
        select.setString(4, series.unit());
        try (var row = select.executeQuery()) {
            return row.next() ? Optional.of(new Found(row.getLong(1), patient.getAsLong())) : Optional.empty();
        }
    }

    /** The series of a subject in their order, but for those of patients who were erased. */
    private Map<Series, Found> find(Session session, Subject subject) throws SQLException {
        var found = new TreeMap<Series, Found>();
        var ids = new HashMap<Long, Optional<String>>();
        var select = session.prepare(
                switch (subject) {
                    case Subject.OfPatient _ -> SERIES_OF_PATIENT;
                    case Subject.OfDevice _ -> SERIES_OF_DEVICE;
                });
        switch (subject) {
            case Subject.OfPatient(var id) -> {
                var number = patients.numberOf(session, id);
                if (number.isEmpty()) {
                    return found;
                }
                ids.put(number.getAsLong(), Optional.of(id));
                select.setLong(1, number.getAsLong());
            }
            case Subject.OfDevice(var id) -> select.setString(1, id);
        }
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                long number = rows.getLong(1);
                long patient = rows.getLong(2);
                var id = ids.get(patient);
                if (id == null) {
                    id = patients.idOf(session, patient);
                    ids.put(patient, id);
                }
                if (id.isPresent()) {
                    found.put(
                            new Series(id.get(), rows.getString(3), rows.getString(4), rows.getString(5)),
                            new Found(number, patient));
                }
            }
        }
        return found;
    }
}
