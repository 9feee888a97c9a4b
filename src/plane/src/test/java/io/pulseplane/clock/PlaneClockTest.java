package io.pulseplane.clock;

import static io.pulseplane.clock.PlaneClock.Doubt.AHEAD;
import static io.pulseplane.clock.PlaneClock.Doubt.BEHIND;
import static io.pulseplane.clock.PlaneClock.Doubt.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.clock.PlaneClock.Doubt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlaneClockTest {

    private static final long START = micros(Instant.parse("2026-11-21T08:00:00Z"));
    private static final ClockSettings SETTINGS = new ClockSettings(Duration.ofDays(1), Duration.ofMinutes(10));

    @TempDir
    Path dataDir;

    /** The machine's clocks: time passes on both, and the operating system's clock can be set. */
    private long wall = START;

    private long nanos = 7;
    private boolean isSynchronized;

    private PlaneClock open() {
        return PlaneClock.open(
                dataDir, new PlaneClock.Sources(() -> wall, () -> nanos, () -> isSynchronized), SETTINGS);
    }

    private void pass(Duration time) {
        wall += micros(time);
        nanos += time.toNanos();
    }

    private static long micros(Duration duration) {
        return Math.multiplyExact(duration.toSeconds(), 1_000_000) + duration.toNanosPart() / 1_000;
    }

    private static long micros(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }

    @Test
    void follows_the_clock_of_the_operating_system() {
        var clock = open();
        for (int i = 0; i < 100; i++) {
            pass(Duration.ofMillis(700));
            clock.check();
            assertThat(clock.getAsLong()).isEqualTo(wall);
            assertThat(clock.doubt()).isEqualTo(NONE);
            assertThat(clock.retentionTime()).hasValue(wall);
        }
    }

    @Test
    void goes_on_when_the_clock_is_set_back() {
        var clock = open();
        pass(Duration.ofSeconds(10));
        clock.check();
        pass(Duration.ofMillis(400));
        long before = clock.getAsLong();
        wall -= micros(Duration.ofMinutes(30));
        assertThat(clock.getAsLong()).as("before the next check").isGreaterThanOrEqualTo(before);
        pass(Duration.ofHours(2));
        clock.check();
        assertThat(clock.getAsLong()).isEqualTo(before + micros(Duration.ofHours(2)));
        assertThat(clock.doubt()).isEqualTo(BEHIND);
        assertThat(clock.mayBeBehind()).isTrue();
        assertThat(clock.retentionTime()).isEmpty();
        assertThat(clock.offset()).isEqualTo(Duration.ofMinutes(-30));
    }

    @Test
    void stands_still_for_a_small_step_back() {
        var clock = open();
        pass(Duration.ofSeconds(10));
        clock.check();
        long before = clock.getAsLong();
        wall -= micros(Duration.ofSeconds(1));
        clock.check();
        assertThat(clock.getAsLong()).isEqualTo(before);
        pass(Duration.ofSeconds(3));
        clock.check();
        assertThat(clock.getAsLong()).isEqualTo(wall);
        assertThat(clock.doubt()).isEqualTo(NONE);
    }

    @Test
    void believes_a_clock_that_catches_up() {
        var clock = open();
        wall -= micros(Duration.ofMinutes(30));
        clock.check();
        assertThat(clock.doubt()).isEqualTo(BEHIND);
        wall += micros(Duration.ofMinutes(30));
        clock.check();
        assertThat(clock.doubt()).isEqualTo(NONE);
        assertThat(clock.getAsLong()).isEqualTo(wall);
    }

    @ParameterizedTest
    @CsvSource({
        // leap, whether a time server keeps the clock, what the plane thinks of it
        "PT1S,      false, NONE",
        "PT24H,     false, NONE",
        "PT24H3S,   false, AHEAD",
        "PT24H3S,   true,  NONE",
        "PT744H,    true,  NONE",
        "PT744H3S,  true,  AHEAD",
        "PT87600H,  false, AHEAD",
        "PT87600H,  true,  AHEAD",
    })
    void doubts_a_leap_forward(Duration leap, boolean synchronised, Doubt expected) {
        isSynchronized = synchronised;
        var running = open();
        running.check();
        wall += micros(leap);
        running.check();
        assertThat(running.doubt()).as("of a plane that runs").isEqualTo(expected);
        assertThat(open().doubt()).as("of a plane that starts").isEqualTo(expected);
    }

    @Test
    void deletes_nothing_after_a_leap_of_years_but_lets_permissions_expire() {
        var clock = open();
        wall += micros(Duration.ofDays(3_650));
        assertThat(clock.retentionTime()).isEmpty();
        assertThat(clock.getAsLong()).isEqualTo(wall);
        wall -= micros(Duration.ofDays(3_650));
        assertThat(clock.retentionTime()).hasValue(wall);
        assertThat(clock.getAsLong()).isEqualTo(wall);
    }

    @Test
    void is_behind_what_an_earlier_run_saw() {
        var earlier = open();
        pass(Duration.ofHours(5));
        earlier.close();
        wall -= micros(Duration.ofHours(2));
        var clock = open();
        assertThat(clock.doubt()).isEqualTo(BEHIND);
        assertThat(clock.getAsLong()).isEqualTo(START + micros(Duration.ofHours(5)));
        assertThat(clock.mayBeBehind()).isTrue();
    }

    @Test
    void keeps_its_time_every_ten_seconds_so_that_a_kill_loses_no_more() {
        var killed = open();
        for (int second = 0; second < 25; second++) {
            killed.check();
            pass(Duration.ofSeconds(1));
        }
        wall = START;
        assertThat(open().getAsLong()).isEqualTo(START + micros(Duration.ofSeconds(20)));
    }

    @Test
    void does_not_keep_the_time_of_a_leap() {
        var clock = open();
        clock.check();
        wall += micros(Duration.ofDays(3_650));
        pass(Duration.ofSeconds(60));
        clock.close();
        wall -= micros(Duration.ofDays(3_650));
        assertThat(open().doubt()).isEqualTo(NONE);
    }

    @Test
    void waits_for_a_time_server_after_its_start() {
        var clock = open();
        assertThat(clock.mayBeBehind()).isTrue();
        isSynchronized = true;
        assertThat(clock.mayBeBehind()).isFalse();
        isSynchronized = false;
        pass(SETTINGS.syncWait());
        assertThat(clock.mayBeBehind()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"PT87600H", "PT-2H"})
    void believes_a_clock_that_an_operator_confirmed(Duration change) throws IOException {
        var clock = open();
        clock.check();
        wall += micros(change);
        clock.check();
        assertThat(clock.doubt()).isNotEqualTo(NONE);
        confirmAt(wall);
        clock.check();
        assertThat(clock.doubt()).isEqualTo(NONE);
        assertThat(clock.getAsLong()).isEqualTo(wall);
        clock.close();
        assertThat(open().doubt()).as("at the next start").isEqualTo(NONE);
    }

    @Test
    void believes_a_confirmation_from_before_the_start() throws IOException {
        open().close();
        wall += micros(Duration.ofDays(40));
        confirmAt(wall);
        var clock = open();
        clock.check();
        assertThat(clock.doubt()).isEqualTo(NONE);
    }

    @Test
    void ignores_a_confirmation_of_another_clock() throws IOException {
        var clock = open();
        wall += micros(Duration.ofDays(3_650));
        clock.check();
        confirmAt(START);
        clock.check();
        assertThat(clock.doubt()).isEqualTo(AHEAD);
        assertThat(Files.exists(dataDir.resolve("clock.confirmed"))).isFalse();
    }

    private void confirmAt(long time) throws IOException {
        new ClockFile(dataDir.resolve("clock.confirmed")).write(time);
    }

    @ParameterizedTest
    @CsvSource({"''", "soon", "17630000000000001763000000000000", "-"})
    void starts_without_a_time_that_cannot_be_read(String content) throws IOException {
        Files.writeString(dataDir.resolve("clock"), content);
        var clock = open();
        assertThat(clock.doubt()).isEqualTo(NONE);
        assertThat(clock.getAsLong()).isEqualTo(wall);
    }

    @Test
    void keeps_its_time_for_the_owner_alone() throws IOException {
        open().close();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dataDir.resolve("clock"))))
                .isEqualTo("rw-------");
    }

    /** Whatever is done to the clock, decisions do not go back, except from a leap that was in doubt. */
    @Test
    void never_goes_back_below_what_was_believed() {
        var random = new SplittableRandom(16);
        var clock = open();
        long believed = 0;
        for (int i = 0; i < 10_000; i++) {
            pass(Duration.ofMillis(random.nextInt(1_500)));
            if (random.nextInt(20) == 0) {
                wall += micros(Duration.ofSeconds(random.nextLong(-100_000, 100_000)));
            }
            clock.check();
            assertThat(clock.getAsLong()).isGreaterThanOrEqualTo(believed);
            if (clock.doubt() == NONE) {
                believed = clock.getAsLong();
            }
        }
    }

    @Test
    void reads_the_state_of_the_kernel() {
        var kernel = new KernelClock();
        // Whatever it is on this machine, the call answers, and answers the same.
        assertThat(kernel.isSynchronized()).isEqualTo(kernel.isSynchronized());
    }
}
