package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What a newcomer sees of devices and patients: the packaged program with its defaults. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AssignmentIT {

    @TempDir
    static Path files;

    private Program.Plane plane;

    @BeforeAll
    void serve() throws Exception {
        plane = Program.Plane.serveWithDefaultPatients(files.resolve("data"));
    }

    @AfterAll
    void stop() throws Exception {
        plane.close();
    }

    private Program.Run run(String... arguments) throws Exception {
        var all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of(
                "--target", plane.target(), "--data-dir", plane.directory().toString()));
        return Program.run(all.toArray(String[]::new));
    }

    private Path recording(String name, String... lines) throws Exception {
        var file = files.resolve(name);
        Files.writeString(file, "measured_at,device_id,patient_id,code,value,unit\n" + String.join("\n", lines) + "\n");
        return file;
    }

    @Test
    void a_recording_waits_until_somebody_assigns_its_device() throws Exception {
        var file = recording("ward.csv", "2026-01-02T08:00:00Z,monitor-7,p-17,8867-4,61,/min");
        assertThat(run("replay", file.toString(), "--speed", "max").status()).isZero();
        assertThat(run("consent", "grant", "--patient", "p-17").status()).isZero();

        var before = run("query", "latest", "--patient", "p-17");
        assertThat(before.status()).isZero();
        assertThat(before.out()).doesNotContain("8867-4");
        assertThat(before.err()).contains("device show");
        assertThat(run("query", "latest", "--device", "monitor-7").out()).contains("8867-4");
        assertThat(run("device", "show", "--current", "--patient", "p-17").out())
                .contains("monitor-7")
                .contains("provisional");

        var assigned =
                run("device", "assign", "--device", "monitor-7", "--patient", "p-17", "--from", "2026-01-02T08:00:00Z");
        assertThat(assigned.out()).isEqualToIgnoringNewLines("monitor-7: on p-17 since 2026-01-02T08:00:00Z");
        var after = run("query", "latest", "--patient", "p-17");
        assertThat(after.out()).contains("8867-4").contains("61");
        assertThat(after.err()).doesNotContain("device show");
        assertThat(run("device", "show", "--patient", "p-17").out()).doesNotContain("provisional");
    }

    @Test
    void a_strangers_heart_rate_is_not_the_patients() throws Exception {
        var own = recording("own.csv", "2026-01-02T08:00:00Z,monitor-8,p-18,8867-4,72,/min");
        var strange = recording("strange.csv", "2026-01-02T08:00:01Z,rogue,p-18,8867-4,33,/min");
        assertThat(run("replay", own.toString(), "--speed", "max", "--assign").status())
                .isZero();
        assertThat(run("replay", strange.toString(), "--speed", "max").status()).isZero();
        assertThat(run("consent", "grant", "--patient", "p-18").status()).isZero();
        assertThat(run("query", "latest", "--patient", "p-18").out())
                .contains("monitor-8")
                .contains("72")
                .doesNotContain("rogue");
        assertThat(run("query", "stats", "--patient", "p-18").out())
                .contains("72")
                .doesNotContain("33");
    }

    @Test
    void a_released_device_shows_no_more_readings_and_keeps_the_earlier_ones() throws Exception {
        var before = recording("before.csv", "2026-01-02T08:00:00Z,monitor-9,p-19,8867-4,72,/min");
        var after = recording("after.csv", "2026-01-02T09:00:00Z,monitor-9,p-19,8867-4,55,/min");
        assertThat(run("replay", before.toString(), "--speed", "max", "--assign")
                        .status())
                .isZero();
        var released = run("device", "release", "--device", "monitor-9", "--until", "2026-01-02T09:00:00Z");
        assertThat(released.out()).isEqualToIgnoringNewLines("monitor-9: on p-19 until 2026-01-02T09:00:00Z");
        assertThat(run("replay", after.toString(), "--speed", "max").status()).isZero();
        assertThat(run("consent", "grant", "--patient", "p-19").status()).isZero();
        assertThat(run("query", "latest", "--patient", "p-19").out())
                .contains("72")
                .doesNotContain("55");
    }

    @Test
    void simulated_monitors_can_be_assigned() throws Exception {
        var simulated = run("simulate", "--devices", "2", "--readings", "160", "--rate", "max", "--assign");
        assertThat(simulated.status()).as(simulated.err()).isZero();
        assertThat(run("consent", "grant", "--patient", "sim-patient-0002").status())
                .isZero();
        assertThat(run("query", "latest", "--patient", "sim-patient-0002").out())
                .contains("sim-monitor-0002");
    }
}
