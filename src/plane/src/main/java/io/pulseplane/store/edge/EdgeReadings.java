package io.pulseplane.store.edge;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.store.edge.journal.Appender;
import io.pulseplane.store.edge.journal.SeriesReader;
import io.pulseplane.store.edge.journal.SeriesReader.SeriesRow;
import io.pulseplane.store.edge.maintenance.DiskBudget;
import io.pulseplane.store.edge.maintenance.Maintenance;
import io.pulseplane.store.edge.sqlite.ReaderPool;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.WriterThread;
import io.pulseplane.store.edge.tables.DeviceTable;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.store.edge.tables.SeriesTable;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Uni;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The readings of an edge store: each is in the journal first, and in a chunk after compaction. */
final class EdgeReadings implements ReadingStore {

    private final WriterThread writer;
    private final ReaderPool readers;
    private final Appender appender;
    private final PatientTable patients;
    private final SeriesReader seriesReader;
    private final DiskBudget diskBudget;
    private final Maintenance maintenance;

    EdgeReadings(
            WriterThread writer,
            ReaderPool readers,
            Appender appender,
            PatientTable patients,
            SeriesReader seriesReader,
            DiskBudget diskBudget,
            Maintenance maintenance) {
        this.writer = writer;
        this.readers = readers;
        this.appender = appender;
        this.patients = patients;
        this.seriesReader = seriesReader;
        this.diskBudget = diskBudget;
        this.maintenance = maintenance;
    }

    @Override
    public Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return writer.transaction(
                session -> {
                    refuseIfFull(group);
                    maintenance.refuseIfBehind();
                    return appender.append(session, group);
                },
                _ -> {
                    long bytes = appender.publishCommitted();
                    diskBudget.recordAppend(bytes);
                    if (bytes > 0) {
                        writer.confirmWrite();
                    }
                    maintenance.onAppend();
                });
    }

    private void refuseIfFull(List<ScreenedBatch> group) {
        try {
            diskBudget.refuseIfFull(group);
        } catch (PlaneException.ResourceExhausted e) {
            maintenance.wake();
            throw e;
        }
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return readers.read(session -> List.copyOf(findSeries(session, subject).keySet()));
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return readers.read(session -> {
            var latest = new ArrayList<Reading>();
            for (var entry : findSeries(session, subject).entrySet()) {
                seriesReader.latest(session, entry.getValue(), entry.getKey()).ifPresent(latest::add);
            }
            return latest;
        });
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return readers.readPage(session -> {
            var row = findSeries(session, series);
            return row.isPresent()
                    ? seriesReader.read(session, row.get(), series, range, order, limit)
                    : new Columns(series, new long[0], new double[0]);
        });
    }

    @Override
    public Uni<WindowAggregates> aggregate(
            Series series, TimeRange range, ValueRange counted, WindowGrid grid, int limit) {
        return readers.readPage(session -> {
            var builder = new WindowAggregates.Builder(grid, counted);
            var row = findSeries(session, series);
            if (row.isPresent()) {
                seriesReader.aggregate(session, row.get(), range, grid, limit, builder);
            }
            return builder.build(limit);
        });
    }

    private Optional<SeriesRow> findSeries(SqliteSession session, Series series) throws SQLException {
        var patient = patients.numberOf(session, series.patient());
        var device = DeviceTable.numberOf(session, series.device());
        if (patient.isEmpty() || device.isEmpty()) {
            return Optional.empty();
        }
        var number = SeriesTable.find(session, series, patient.getAsLong(), device.getAsLong());
        return number.isPresent()
                ? Optional.of(new SeriesRow(number.getAsLong(), patient.getAsLong()))
                : Optional.empty();
    }

    /** The series of a subject in ascending order, without those of erased patients. */
    private Map<Series, SeriesRow> findSeries(SqliteSession session, Subject subject) throws SQLException {
        return switch (subject) {
            case Subject.OfPatient(var id) -> seriesOfPatient(session, id);
            case Subject.OfDevice(var id) -> seriesOfDevice(session, id);
        };
    }

    private Map<Series, SeriesRow> seriesOfPatient(SqliteSession session, String id) throws SQLException {
        var rows = new TreeMap<Series, SeriesRow>();
        var number = patients.numberOf(session, id);
        if (number.isPresent()) {
            for (var row : SeriesTable.ofPatient(session, number.getAsLong())) {
                add(rows, id, row);
            }
        }
        return rows;
    }

    private Map<Series, SeriesRow> seriesOfDevice(SqliteSession session, String device) throws SQLException {
        var rows = new TreeMap<Series, SeriesRow>();
        var ids = new HashMap<Long, Optional<String>>();
        for (var row : SeriesTable.ofDevice(session, device)) {
            var id = ids.get(row.patient());
            if (id == null) {
                id = patients.idOf(session, row.patient());
                ids.put(row.patient(), id);
            }
            id.ifPresent(patient -> add(rows, patient, row));
        }
        return rows;
    }

    private static void add(Map<Series, SeriesRow> rows, String patient, SeriesTable.Row row) {
        rows.put(new Series(patient, row.device(), row.code(), row.unit()), new SeriesRow(row.number(), row.patient()));
    }
}
