package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkTest {

    private static InetSocketAddress socket(String address) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), 50_000);
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.0.0/16, 10.1.0.0",
        "10.1.0.0/16, 10.1.255.255",
        "10.1.2.3/16, 10.1.9.9",
        "192.168.4.0/22, 192.168.7.255",
        "128.0.0.0/1, 255.1.2.3",
        "0.0.0.0/0, 203.0.113.9",
        "127.0.0.1, 127.0.0.1",
        "fd00::/8, fdff:1::2",
        "2001:db8::/33, 2001:db8:7fff::1",
        "::1, ::1",
        "::/0, 2001:db8::1",
        "::ffff:10.0.0.1, 10.0.0.1",
    })
    void contains_addresses_with_its_prefix(String network, String address) {
        assertThat(Network.parse(network).contains(socket(address))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.0.0/16, 10.2.0.0",
        "10.1.0.0/16, 10.0.255.255",
        "192.168.4.0/22, 192.168.8.0",
        "128.0.0.0/1, 127.255.255.255",
        "127.0.0.1, 127.0.0.2",
        "fd00::/8, fc00::1",
        "2001:db8::/33, 2001:db8:8000::1",
        "0.0.0.0/0, ::1",
        "::/0, 127.0.0.1",
    })
    void contains_no_other_address(String network, String address) {
        assertThat(Network.parse(network).contains(socket(address))).isFalse();
    }

    /** IPv4 addresses with fewer than four parts mean one thing to administrators and another to inet_aton. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "/", "/8", "everywhere", "localhost", "localhost/8", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
                "10.0.0.0/33", "::/129", "10", "10/8", "10.1/16", "10.1.0/24", "1.2.3.4.5", "300.1.1.1", "fe80::1%eth0",
                "abcd", "10.0.0.0/8/8", " 10.0.0.0/8"
            })
    void refuses_text_that_is_not_a_network(String text) {
        assertThatThrownBy(() -> Network.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'");
    }
}
