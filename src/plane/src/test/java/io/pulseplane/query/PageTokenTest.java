package io.pulseplane.query;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.query.RangeQuery.Parameters;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageTokenTest {

    private static final List<Series> SERIES = List.of(
            series("ada", "d1", HEART_RATE), series("ada", "d2", HEART_RATE), series("ada", "d1", RESPIRATORY_RATE));
    private static final TimeRange TIMES = new TimeRange(10, 1_000);
    private static final Parameters RANGE = range(ADA, Set.of(HEART_RATE, RESPIRATORY_RATE), TIMES, Order.OLDEST_FIRST);

    private static Parameters range(Subject subject, Set<String> codes, TimeRange times, Order order) {
        return new Parameters(new SeriesSelector(subject, codes), times, order);
    }

    private static String token() {
        return PageToken.encode(RANGE, new ResumePosition(500, Optional.of(SERIES.get(1))));
    }

    private static void assertRefused(Parameters range, String token, String description) {
        assertThatThrownBy(() -> PageToken.decode(range, token, SERIES))
                .isInstanceOfSatisfying(
                        PlaneException.InvalidArgument.class,
                        e -> assertThat(e.violations())
                                .containsExactly(new PlaneException.FieldViolation("page_token", description)));
    }

    @Test
    void carries_a_position() {
        for (var series : SERIES) {
            var position = new ResumePosition(500, Optional.of(series));
            assertThat(PageToken.decode(RANGE, PageToken.encode(RANGE, position), SERIES))
                    .isEqualTo(position);
        }
        for (long time : new long[] {0, 1, Long.MAX_VALUE}) {
            var position = new ResumePosition(time, Optional.empty());
            assertThat(PageToken.decode(RANGE, PageToken.encode(RANGE, position), SERIES))
                    .isEqualTo(position);
        }
    }

    @Test
    void does_not_depend_on_the_order_of_codes() {
        var same = range(ADA, new LinkedHashSet<>(List.of(RESPIRATORY_RATE, HEART_RATE)), TIMES, Order.OLDEST_FIRST);
        var other = range(ADA, new LinkedHashSet<>(List.of(HEART_RATE, RESPIRATORY_RATE)), TIMES, Order.OLDEST_FIRST);
        var position = new ResumePosition(500, Optional.empty());
        assertThat(PageToken.encode(same, position)).isEqualTo(PageToken.encode(other, position));
    }

    static List<Parameters> otherQueries() {
        return List.of(
                range(new Subject.OfPatient("bob"), Set.of(HEART_RATE, RESPIRATORY_RATE), TIMES, Order.OLDEST_FIRST),
                range(new Subject.OfDevice("ada"), Set.of(HEART_RATE, RESPIRATORY_RATE), TIMES, Order.OLDEST_FIRST),
                range(ADA, Set.of(HEART_RATE), TIMES, Order.OLDEST_FIRST),
                range(ADA, Set.of(), TIMES, Order.OLDEST_FIRST),
                range(ADA, Set.of(HEART_RATE, RESPIRATORY_RATE), new TimeRange(11, 1_000), Order.OLDEST_FIRST),
                range(ADA, Set.of(HEART_RATE, RESPIRATORY_RATE), new TimeRange(10, 1_001), Order.OLDEST_FIRST),
                range(ADA, Set.of(HEART_RATE, RESPIRATORY_RATE), TIMES, Order.NEWEST_FIRST));
    }

    @ParameterizedTest
    @MethodSource("otherQueries")
    void of_another_query_is_refused(Parameters other) {
        assertRefused(other, token(), "must come from a response to the same query");
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "x", "====", "AAAA", "no token at all", "ä€", "\u0000", "../../etc"})
    void that_is_malformed_is_refused(String garbage) {
        assertRefused(RANGE, garbage, "must be as a response gave it");
    }

    @Test
    void of_another_length_or_version_is_refused() {
        var bytes = Base64.getUrlDecoder().decode(token());
        var encoder = Base64.getUrlEncoder().withoutPadding();
        for (int length = 0; length < bytes.length; length++) {
            var cut = encoder.encodeToString(Arrays.copyOf(bytes, length));
            assertRefused(RANGE, cut, "must be as a response gave it");
        }
        assertRefused(
                RANGE, encoder.encodeToString(Arrays.copyOf(bytes, bytes.length + 1)), "must be as a response gave it");
        bytes[0]++;
        assertRefused(RANGE, encoder.encodeToString(bytes), "must be as a response gave it");
    }

    /** Whatever time a forged token has, the remaining range is within the range of the query. */
    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 9, 10, 11, 999, 1_000, 1_001, Long.MAX_VALUE})
    void cannot_leave_the_range_of_the_query(long time) {
        var bytes = Base64.getUrlDecoder().decode(token());
        ByteBuffer.wrap(bytes).putLong(1 + Long.BYTES, time);
        var forged = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        var position = PageToken.decode(RANGE, forged, SERIES);
        for (var order : Order.values()) {
            for (var series : SERIES) {
                var remaining = position.remainingRange(TIMES, order, series);
                assertThat(remaining.from()).isBetween(TIMES.from(), TIMES.to());
                assertThat(remaining.to()).isBetween(remaining.from(), TIMES.to());
            }
        }
    }
}
