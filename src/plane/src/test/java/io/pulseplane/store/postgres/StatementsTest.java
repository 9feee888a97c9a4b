package io.pulseplane.store.postgres;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Checks the statements that the plane sends to PostgreSQL, taken from the server's log. */
class StatementsTest {

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);

    private static final Pattern ON_READINGS =
            Pattern.compile("\\b(FROM|JOIN|INTO|UPDATE)\\s+(measurements|series)\\b");

    private final PostgresServer postgres = PostgresServer.shared();
    private final String database = postgres.createDatabase();
    private final PlaneStores stores = new PlaneStores();

    @AfterEach
    void closeStores() {
        stores.close();
    }

    @Test
    void on_readings_always_name_the_patient() {
        var statements = statementsOf(StatementsTest::runEveryQuery);
        var onReadings =
                statements.stream().filter(sql -> sql.contains("measurements ")).toList();
        // Insert, lookup of stored readings, range in either order, latest by patient and by device.
        assertThat(onReadings)
                .hasSize(6)
                .allSatisfy(sql -> assertThat(namesThePatient(sql)).as(sql).isTrue());
        var onSeries =
                statements.stream().filter(sql -> sql.contains("INTO series")).toList();
        assertThat(onSeries).hasSize(1).allSatisfy(sql -> assertThat(sql).contains("(patient,"));
    }

    @Test
    void on_readings_use_an_index_even_in_tables_without_statistics() throws SQLException {
        var statements = statementsOf(StatementsTest::runEveryQuery);
        // In simple mode the driver sends the placeholders as they are, which EXPLAIN (GENERIC_PLAN) needs.
        try (var connection = postgres.connect(database + "?preferQueryMode=simple");
                var statement = connection.createStatement()) {
            for (var setting : PoolFactory.PLANNER_SETTINGS.entrySet()) {
                statement.execute("SET " + setting.getKey() + " = " + setting.getValue());
            }
            for (var sql : statements) {
                var plan = plan(statement, sql);
                assertThat(plan).as(sql).doesNotContain("Seq Scan");
                if (sql.contains("m.value")) {
                    // Reads one series, or one patient at one time, but never all readings of a patient.
                    assertThat(plan).as(sql).containsPattern("Index Cond: \\(\\(series = |\\(measured_at = ");
                }
            }
        }
    }

    @Test
    void without_the_patient_are_recognised() {
        assertThat(namesThePatient("SELECT m.value FROM measurements m WHERE m.device = $1"))
                .isFalse();
        assertThat(namesThePatient("INSERT INTO measurements (measured_at, device) SELECT $1, $2"))
                .isFalse();
        assertThat(namesThePatient("SELECT m.value FROM measurements m WHERE m.patient <> $1"))
                .isFalse();
        assertThat(namesThePatient("SELECT 1 FROM measurements m JOIN series s ON m.patient = s.patient"))
                .isTrue();
    }

    private static void runEveryQuery(PostgresStore store) {
        var readings = store.readings();
        await(readings.append(List.of(
                batch(1, oneReading(ADAS, 10, 60), oneReading(series("ada", "monitor", RESPIRATORY_RATE), 10, 12)))));
        await(readings.append(List.of(batch(2, columns(ADAS, times(5, 10, 20), 59, 61, 62)))));
        for (var subject : List.of(new Subject.OfPatient("ada"), new Subject.OfDevice("monitor"))) {
            await(readings.series(subject));
            await(readings.latest(subject));
        }
        for (var order : Order.values()) {
            await(readings.read(ADAS, TimeRange.ALL, order, 5));
        }
    }

    private static String plan(Statement statement, String sql) throws SQLException {
        var plan = new StringBuilder();
        try (var rows = statement.executeQuery("EXPLAIN (GENERIC_PLAN) " + sql)) {
            while (rows.next()) {
                plan.append(rows.getString(1)).append('\n');
            }
        }
        return plan.toString();
    }

    private static boolean namesThePatient(String sql) {
        var flat = sql.replaceAll("\\s+", " ");
        return flat.contains("INSERT INTO measurements")
                ? flat.matches(".*INSERT INTO measurements \\([^)]*\\bpatient\\b[^)]*\\).*")
                : flat.matches(".*\\bm\\.patient = (\\$1|[a-z]\\.patient).*");
    }

    private interface Workload {
        void run(PostgresStore store);
    }

    /** The distinct statements on readings or series that a workload sends. */
    private List<String> statementsOf(Workload workload) {
        postgres.execute("postgres", "ALTER DATABASE " + database + " SET log_statement = 'all'");
        workload.run(stores.open(postgres.settings(database)));
        return postgres.loggedStatements(database).stream()
                .filter(sql -> ON_READINGS.matcher(sql).find())
                .distinct()
                .toList();
    }
}
