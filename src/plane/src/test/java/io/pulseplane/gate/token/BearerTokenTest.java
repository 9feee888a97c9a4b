package io.pulseplane.gate.token;

import static io.pulseplane.gate.token.IdentityProvider.bearer;
import static io.pulseplane.gate.token.IdentityProvider.header;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BearerTokenTest {

    private static final String LONG = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.0123456789abcdefghijklmnopqrstuvwxyz";

    @ParameterizedTest
    @ValueSource(strings = {"Bearer ", "bearer ", "BEARER ", "bEaReR "})
    void is_the_same_whatever_the_case_of_the_scheme(String scheme) {
        for (var text : new String[] {"a", "short", LONG}) {
            assertThat(header(scheme + text)).isEqualTo(bearer(text)).hasSameHashCodeAs(bearer(text));
            assertThat(header(scheme + text)).isEqualByComparingTo(bearer(text));
            assertThat(header(scheme + text).isBearer()).isTrue();
            assertThat(header(scheme + text).text()).isEqualTo(text);
            assertThat(header(scheme + text).length()).isEqualTo(text.length());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "B", "Bearer", "Bearer ", "Bearer\t" + LONG, "Basic  " + LONG, "\"earer " + LONG, LONG})
    void needs_the_scheme_one_space_and_a_token(String value) {
        assertThat(header(value).isBearer()).isFalse();
        assertThat(header(value)).isNotEqualTo(bearer(LONG));
    }

    @Test
    void differs_by_any_byte_and_by_length() {
        for (int i = 0; i < LONG.length(); i++) {
            var other = LONG.substring(0, i) + '!' + LONG.substring(i + 1);
            assertThat(bearer(other)).isNotEqualTo(bearer(LONG)).isNotEqualByComparingTo(bearer(LONG));
            assertThat(bearer(LONG.substring(0, i))).isNotEqualTo(bearer(LONG));
        }
    }

    @Test
    void is_not_equal_to_another_token_with_the_same_hash() {
        var one = bearer("a" + LONG);
        var other = bearer("b" + LONG);
        assertThat(one).hasSameHashCodeAs(other).isNotEqualTo(other);
    }

    @Test
    void does_not_print_the_token() {
        assertThat(bearer(LONG)).hasToString("BearerToken[" + LONG.length() + " bytes]");
    }
}
