package io.pulseplane.gate;

import io.pulseplane.TestCertificate;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;

/**
 * The files of a plane with TLS. There are two authorities: one issued the server's certificate, and one issues
 * certificates to devices and has revoked one of them.
 */
public final class TlsFiles implements QuarkusTestResourceLifecycleManager {

    static final String AUTHORITY = "authority";
    static final String DEVICES = "devices";
    static final String STOLEN = "stolen";

    private Path directory;

    @Override
    public Map<String, String> start() {
        try {
            directory = Files.createTempDirectory("pulseplane-tls-");
            var authority = TestCertificate.certificateAuthority("CN=Clinic CA");
            authority.save(directory.resolve(AUTHORITY));
            var server = authority.issue("CN=localhost", "san=dns:localhost");
            server.writeCertificate(directory.resolve("server.crt"));
            server.writeKey(directory.resolve("server.key"));
            var devices = TestCertificate.certificateAuthority("CN=Devices CA");
            devices.save(directory.resolve(DEVICES));
            devices.writeCertificate(directory.resolve("devices.crt"));
            var stolen = devices.issue("CN=stolen");
            stolen.save(directory.resolve(STOLEN));
            devices.writeRevocationList(directory.resolve("devices.crl"), stolen);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return Map.of(
                "pulseplane.gate.tls-configuration-name",
                "gate",
                "quarkus.tls.gate.key-store.pem.0.cert",
                file("server.crt"),
                "quarkus.tls.gate.key-store.pem.0.key",
                file("server.key"),
                "quarkus.tls.gate.trust-store.pem.certs",
                file("devices.crt"),
                "quarkus.tls.gate.certificate-revocation-list",
                file("devices.crl"));
    }

    /** Gives tests the directory with the authorities. */
    @Override
    public void inject(TestInjector injector) {
        injector.injectIntoFields(directory, new TestInjector.MatchesType(Path.class));
    }

    private String file(String name) {
        return directory.resolve(name).toString();
    }

    @Override
    public void stop() {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
