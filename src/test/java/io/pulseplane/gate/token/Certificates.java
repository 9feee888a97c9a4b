package io.pulseplane.gate.token;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate of its own making, as the JDK's keytool makes them. */
record Certificates(KeyStore store) {

    private static final char[] PASSWORD = "password".toCharArray();

    /** @param extensions as keytool's {@code -ext} takes them */
    static Certificates selfSigned(String subject, String... extensions) throws Exception {
        return selfSigned(subject, List.of("-validity", "30"), extensions);
    }

    static Certificates selfSigned(String subject, List<String> validity, String... extensions) throws Exception {
        var directory = Files.createTempDirectory("certificate");
        var file = directory.resolve("store.p12");
        try {
            var command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "it",
                    "-keyalg",
                    "EC",
                    "-groupname",
                    "secp256r1",
                    "-dname",
                    subject,
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    new String(PASSWORD),
                    "-keystore",
                    file.toString()));
            command.addAll(validity);
            for (var extension : extensions) {
                command.addAll(List.of("-ext", extension));
            }
            var keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
            var said = new String(keytool.getInputStream().readAllBytes());
            if (keytool.waitFor() != 0) {
                throw new AssertionError(said);
            }
            return new Certificates(KeyStore.getInstance(file.toFile(), PASSWORD));
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }

    X509Certificate certificate() throws Exception {
        return (X509Certificate) store.getCertificate("it");
    }

    /** Of somebody who shows this certificate and believes nobody else's. */
    SSLContext context() throws Exception {
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("it", certificate());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
