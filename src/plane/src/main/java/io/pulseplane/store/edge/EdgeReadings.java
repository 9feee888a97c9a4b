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
        var device = DeviceRows.numberOf(session, series.device());
        if (patient.isEmpty() || device.isEmpty()) {
            return Optional.empty();
        }
        var number = SeriesTable.find(session, series, patient.getAsLong(), device.getAsLong());
        return number.isPresent() ? Optional.of(new Found(number.getAsLong(), patient.getAsLong())) : Optional.empty();
    }

    /** The series of a subject in their order, but for those of patients who were erased. */
    private Map<Series, Found> find(Session session, Subject subject) throws SQLException {
        return switch (subject) {
            case Subject.OfPatient(var id) -> ofPatient(session, id);
            case Subject.OfDevice(var id) -> ofDevice(session, id);
        };
    }

    private Map<Series, Found> ofPatient(Session session, String id) throws SQLException {
        var found = new TreeMap<Series, Found>();
        var number = patients.numberOf(session, id);
        if (number.isPresent()) {
            for (var row : SeriesTable.ofPatient(session, number.getAsLong())) {
                add(found, id, row);
            }
        }
        return found;
    }

    private Map<Series, Found> ofDevice(Session session, String device) throws SQLException {
        var found = new TreeMap<Series, Found>();
        var ids = new HashMap<Long, Optional<String>>();
        for (var row : SeriesTable.ofDevice(session, device)) {
            var id = ids.get(row.patient());
            if (id == null) {
                id = patients.idOf(session, row.patient());
                ids.put(row.patient(), id);
            }
            id.ifPresent(patient -> add(found, patient, row));
        }
        return found;
    }

    private static void add(Map<Series, Found> found, String patient, SeriesTable.Row row) {
        found.put(new Series(patient, row.device(), row.code(), row.unit()), new Found(row.number(), row.patient()));
    }
}
