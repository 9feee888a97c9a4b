package io.pulseplane.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.TestCertificate;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import org.junit.jupiter.api.Test;

class KeyPairCheckTest {

    private static Instant expiry(TestCertificate certificate) throws Exception {
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(certificate.keyStore(), "password".toCharArray());
        return KeyPairCheck.check(keys);
    }

    @Test
    void says_when_the_certificate_expires() throws Exception {
        var certificate = TestCertificate.selfSigned("CN=plane", List.of("-validity", "3"));
        assertThat(expiry(certificate))
                .isBetween(Instant.now().plusSeconds(2 * 86_400), Instant.now().plusSeconds(3 * 86_400 + 60));
    }

    @Test
    void an_authority_in_the_chain_may_expire_first() throws Exception {
        var authority = TestCertificate.selfSigned("CN=authority", List.of("-validity", "2"), "bc:c");
        var plane = authority.issue("CN=plane", List.of("-validity", "90"));
        assertThat(expiry(plane)).isBefore(Instant.now().plusSeconds(2 * 86_400 + 60));
    }
}
