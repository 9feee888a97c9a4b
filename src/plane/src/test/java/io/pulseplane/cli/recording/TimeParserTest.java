package io.pulseplane.cli.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.pulseplane.cli.recording.TimeParser.EpochUnit;
import io.pulseplane.cli.recording.TimeParser.UnreadableTimeException;
import io.pulseplane.vitals.EpochMicros;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeParserTest {

    private static final TimeParser STRICT = TimeParser.strict();
    private static final TimeParser BERLIN = new TimeParser(Optional.of(ZoneId.of("Europe/Berlin")), Optional.empty());

    private static TimeParser counting(EpochUnit unit) {
        return new TimeParser(Optional.empty(), Optional.of(unit));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        # ISO 8601 and RFC 3339
        2026-03-01T10:00:00Z                 | 2026-03-01T10:00:00Z
        2026-03-01t10:00:10z                 | 2026-03-01T10:00:10Z
        2026-03-01T10:00Z                    | 2026-03-01T10:00:00Z
        2026-03-01T10Z                       | 2026-03-01T10:00:00Z
        2026-03-01T10,5Z                     | 2026-03-01T10:30:00Z
        2026-03-01T10:00.5Z                  | 2026-03-01T10:00:30Z
        2026-03-01T10:00:06,123Z             | 2026-03-01T10:00:06.123Z
        20260301T100009Z                     | 2026-03-01T10:00:09Z
        20260301T1000Z                       | 2026-03-01T10:00:00Z
        2026-W09-7T10:00:00Z                 | 2026-03-01T10:00:00Z
        2026W097T100000Z                     | 2026-03-01T10:00:00Z
        2026-060T10:00:00Z                   | 2026-03-01T10:00:00Z
        2026060T100000Z                      | 2026-03-01T10:00:00Z
        # offsets
        2026-03-01T11:00:01+01:00            | 2026-03-01T10:00:01Z
        2026-03-01T11:00:02+0100             | 2026-03-01T10:00:02Z
        2026-03-01T11:00:03+01               | 2026-03-01T10:00:03Z
        2026-03-01T10:00:17-00:00            | 2026-03-01T10:00:17Z
        2026-03-01T05:00:00\u221205:00       | 2026-03-01T10:00:00Z
        1890-01-01T00:53:28+00:53:28         | 1890-01-01T00:00:00Z
        2026-03-01T15:45:00+05:45            | 2026-03-01T10:00:00Z
        2026-03-01T11:00:00+01:00[Europe/Berlin] | 2026-03-01T10:00:00Z
        2026-03-01T10:00:00Z[Etc/UTC]        | 2026-03-01T10:00:00Z
        2026-03-01T11:00:00[Europe/Berlin]   | 2026-03-01T10:00:00Z
        # SQL, pandas, Python, Ruby, BigQuery
        2026-03-01 10:00:04+00               | 2026-03-01T10:00:04Z
        2026-03-02 10:00:10.12+00            | 2026-03-02T10:00:10.12Z
        2026-03-01 10:00:05Z                 | 2026-03-01T10:00:05Z
        2026-03-01 10:00:06.123+00:00        | 2026-03-01T10:00:06.123Z
        2026-03-01 11:00:00 +0100            | 2026-03-01T10:00:00Z
        2026-03-01 10:00:00.12 UTC           | 2026-03-01T10:00:00.12Z
        # the ends of days and leap seconds
        2026-03-01T24:00:00Z                 | 2026-03-02T00:00:00Z
        2016-12-31T23:59:60Z                 | 2017-01-01T00:00:00Z
        2017-01-01T00:59:60+01:00            | 2017-01-01T00:00:00Z
        2016-12-31T23:59:60.5Z               | 2017-01-01T00:00:00.5Z
        # nanoseconds are cut, also before 1970
        2026-03-01T10:00:08.123456789Z       | 2026-03-01T10:00:08.123456Z
        2026-03-01T10:00:08.999999999Z       | 2026-03-01T10:00:08.999999Z
        1969-12-31T23:59:59.9999999Z         | 1969-12-31T23:59:59.999999Z
        """)
    void reads_every_unambiguous_spelling(String text, Instant time) {
        assertThat(STRICT.parse(text)).isEqualTo(EpochMicros.of(time));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        2026-03-01T10:00:07            | TIME_WITHOUT_ZONE | has no offset from UTC; say with --zone
        20260301T100007                | TIME_WITHOUT_ZONE | has no offset from UTC; say with --zone
        1772359213000                  | TIME_WITHOUT_UNIT | is a number; say with --time-unit
        20260301                       | TIME_WITHOUT_UNIT | is a number; say with --time-unit
        46082.416840277778             | TIME_WITHOUT_UNIT | is a number; say with --time-unit
        01/03/2026 10:00:15            | TIME              | does not say which number is the day
        01.03.2026 10:00:15            | TIME              | does not say which number is the day
        2026-03-01                     | TIME              | is a date without a time of day
        noon                           | TIME              | is not a time such as
        2026-02-29T10:00:00Z           | TIME              | is no time that exists
        2026-13-01T10:00:00Z           | TIME              | is no time that exists
        2026-366T10:00:00Z             | TIME              | is no time that exists
        2026-W54-1T10:00:00Z           | TIME              | is no time that exists
        2026-03-01T24:00:01Z           | TIME              | is no time that exists
        2026-03-01T25:00:00Z           | TIME              | is no time that exists
        2026-03-01T10:60:00Z           | TIME              | is no time that exists
        2026-03-01T10:00:61Z           | TIME              | is no time that exists
        2026-03-01T10:59:60Z           | TIME              | is no time that exists
        2026-03-01T10:00:00+19:00      | TIME              | is no time that exists
        2026-03-01T10:00:00+01:00[UTC] | TIME              | is no time that exists
        2026-03-01T10:00:00[Mars/Base] | TIME              | is no time that exists
        2026-03-01T10:00:00 CET        | TIME              | is not a time such as
        2026-3-1T10:00:00Z             | TIME              | is not a time such as
        """)
    void refuses_what_could_be_several_times_or_none(String text, Fault.Reason reason, String message) {
        assertRefused(STRICT, text, reason, message);
    }

    private static void assertRefused(TimeParser times, String text, Fault.Reason reason, String message) {
        assertThatExceptionOfType(UnreadableTimeException.class)
                .isThrownBy(() -> times.parse(text))
                .withMessageContaining(message)
                .satisfies(refusal -> assertThat(refusal.reason()).isEqualTo(reason));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-03-01T10:00:07, 2026-03-01T09:00:07Z",
        "2026-07-01 10:00:07, 2026-07-01T08:00:07Z",
        "2026-03-01T10:00:07Z, 2026-03-01T10:00:07Z"
    })
    void takes_times_without_an_offset_in_the_given_zone(String text, Instant time) {
        assertThat(BERLIN.parse(text)).isEqualTo(EpochMicros.of(time));
    }

    @Test
    void does_not_guess_in_the_hour_that_clocks_repeat_or_skip() {
        assertRefused(BERLIN, "2026-10-25T02:30:00", Fault.Reason.TIME_WITHOUT_ZONE, "happens twice in Europe/Berlin");
        assertRefused(BERLIN, "2026-03-29T02:30:00", Fault.Reason.TIME, "the clocks of Europe/Berlin skip it");
        assertThat(BERLIN.parse("2026-10-25T02:30:00+01:00"))
                .isEqualTo(EpochMicros.of(Instant.parse("2026-10-25T01:30:00Z")));
    }

    @ParameterizedTest
    @CsvSource({
        "1772359214, S, 1772359214000000",
        "1772359214.25, S, 1772359214250000",
        "1772359213000, MS, 1772359213000000",
        "1772359213000001, US, 1772359213000001",
        "1772359213000001999, NS, 1772359213000001",
        "-1.5, S, -1500000"
    })
    void reads_numbers_in_the_given_unit(String text, EpochUnit unit, long micros) {
        assertThat(counting(unit).parse(text)).isEqualTo(micros);
    }

    @ParameterizedTest
    @ValueSource(strings = {"9999999999999999999999999", "-9999999999999999999999999"})
    void refuses_numbers_beyond_all_times(String text) {
        assertRefused(counting(EpochUnit.S), text, Fault.Reason.TIME, "is too large for a time");
    }
}
