package io.pulseplane.loadtest.stores;

import io.pulseplane.loadtest.stores.BenchmarkedStore.SeriesRun;
import io.pulseplane.vitals.Catalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * Reads a recording in the format of {@code pulseplane replay} and repeats it for 50 patients, with shifted times.
 * Readings that the plane would reject as implausible are left out.
 */
final class Recording {

    static final int PATIENTS = 50;

    private static final long PATIENT_SHIFT_US = 7_919 * BenchmarkedStore.SECOND_US;
    private static final int RUN = 1_000;

    /** One line of the file. */
    record CsvRow(String time, String device, String patient, String code, String value, String otherFields) {

        static CsvRow of(String line) {
            var fields = line.split(",", 6);
            return new CsvRow(
                    fields[0], fields[1], fields[2], fields[3], fields[4], fields.length > 5 ? fields[5] : "");
        }

        long micros() {
            return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(time));
        }

        double number() {
            return Double.parseDouble(value);
        }

        boolean isPlausible() {
            return Catalogue.standard()
                    .find(code)
                    .filter(sign -> sign.plausible().low() <= number()
                            && number() <= sign.plausible().high())
                    .isPresent();
        }
    }

    private Recording() {}

    static List<CsvRow> plausibleRows(Path csv) throws IOException {
        try (var lines = Files.lines(csv)) {
            return lines.skip(1).map(CsvRow::of).filter(CsvRow::isPlausible).toList();
        }
    }

    /** The readings of all patients, in runs of up to 1,000. */
    static List<SeriesRun> runs(Path csv) throws IOException {
        var recording = new TreeMap<String, TreeMap<Long, Double>>();
        for (var row : plausibleRows(csv)) {
            recording
                    .computeIfAbsent(row.device() + " " + row.code(), _ -> new TreeMap<>())
                    .putIfAbsent(row.micros(), row.number());
        }
        var runs = new ArrayList<SeriesRun>();
        for (int patient = 0; patient < PATIENTS; patient++) {
            long shiftUs = patient * PATIENT_SHIFT_US;
            int series = patient * recording.size();
            for (var readings : recording.values()) {
                var times = readings.keySet().stream()
                        .mapToLong(time -> time + shiftUs)
                        .toArray();
                var values = readings.values().stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray();
                for (int from = 0; from < times.length; from += RUN) {
                    int to = Math.min(times.length, from + RUN);
                    runs.add(new SeriesRun(
                            series, Arrays.copyOfRange(times, from, to), Arrays.copyOfRange(values, from, to)));
                }
                series++;
            }
        }
        return runs;
    }

    /** The readings of all patients as one CSV. */
    static String csv(Path csv) throws IOException {
        var rows = plausibleRows(csv);
        var text = new StringBuilder();
        for (int patient = 0; patient < PATIENTS; patient++) {
            for (var row : rows) {
                var time = Instant.EPOCH.plus(row.micros() + patient * PATIENT_SHIFT_US, ChronoUnit.MICROS);
                text.append("%s,%s-%d,%s-%d,%s,%s,%s%n"
                        .formatted(
                                time,
                                row.device(),
                                patient,
                                row.patient(),
                                patient,
                                row.code(),
                                row.value(),
                                row.otherFields()));
            }
        }
        return text.toString();
    }
}
