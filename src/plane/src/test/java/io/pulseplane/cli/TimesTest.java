package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TimesTest {

    private static final Instant NOW = Instant.parse("2026-11-10T12:00:00Z");

    @ParameterizedTest
    @CsvSource({"250ms,PT0.25S", "10s,PT10S", "5m,PT5M", "1h,PT1H", "30d,PT720H", "PT1M30S,PT1M30S"})
    void reads_durations(String text, Duration duration) {
        assertThat(Times.duration(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @CsvSource({
        "now,2026-11-10T12:00:00Z",
        "-15m,2026-11-10T11:45:00Z",
        "2026-11-10T00:31:25.894Z,2026-11-10T00:31:25.894Z",
        "2026-11-10T01:00:00+01:00,2026-11-10T00:00:00Z"
    })
    void reads_times(String text, Instant time) {
        assertThat(Times.instant(text, NOW)).isEqualTo(time);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "soon", "10", "10 s", "-", "-5", "99999999999999999999d"})
    void rejects_text_that_is_neither(String text) {
        assertThatThrownBy(() -> Times.duration(text)).isInstanceOf(TypeConversionException.class);
        assertThatThrownBy(() -> Times.instant(text, NOW)).isInstanceOf(TypeConversionException.class);
    }

    @Test
    void formats_times_with_as_many_digits_as_they_need() {
        assertThat(Times.format(0)).isEqualTo("1970-01-01T00:00:00Z");
        assertThat(Times.format(1_000_001)).isEqualTo("1970-01-01T00:00:01.000001Z");
    }
}
