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
 * A recording as {@code pulseplane replay} takes it, for 50 patients, the clock of each moved on. What the plane would not
 * take for plausible is left out.
 */
final class Recording {

    static final int PATIENTS = 50;

    private static final long PATIENT_SHIFT_US = 7_919 * BenchmarkedStore.SECOND_US;
    private static final int RUN = 1_000;

    /** One reading of the recording, as it stands in the file. */
    record CsvRow(String time, String device, String patient, String code, String value, String rest) {

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
                    .filter(sign -> sign.low() <= number() && number() <= sign.high())
                    .isPresent();
        }
    }

    private Recording() {}

    static List<CsvRow> lines(Path csv) throws IOException {
        try (var lines = Files.lines(csv)) {
            return lines.skip(1).map(CsvRow::of).filter(CsvRow::isPlausible).toList();
        }
    }

    /** Of all patients, in runs of up to 1,000. */
    static List<SeriesRun> runs(Path csv) throws IOException {
        var recorded = new TreeMap<String, TreeMap<Long, Double>>();
        for (var line : lines(csv)) {
            recorded.computeIfAbsent(line.device() + " " + line.code(), _ -> new TreeMap<>())
                    .putIfAbsent(line.micros(), line.number());
        }
        var runs = new ArrayList<SeriesRun>();
        for (int patient = 0; patient < PATIENTS; patient++) {
            long shift = patient * PATIENT_SHIFT_US;
            int series = patient * recorded.size();
            for (var readings : recorded.values()) {
                var times = readings.keySet().stream()
                        .mapToLong(time -> time + shift)
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

    /** All patients as one CSV. */
    static String csv(Path csv) throws IOException {
        var lines = lines(csv);
        var text = new StringBuilder();
        for (int patient = 0; patient < PATIENTS; patient++) {
            for (var line : lines) {
                var time = Instant.EPOCH.plus(line.micros() + patient * PATIENT_SHIFT_US, ChronoUnit.MICROS);
                text.append("%s,%s-%d,%s-%d,%s,%s,%s%n"
                        .formatted(
                                time,
                                line.device(),
                                patient,
                                line.patient(),
                                patient,
                                line.code(),
                                line.value(),
                                line.rest()));
            }
        }
        return text.toString();
    }
}
