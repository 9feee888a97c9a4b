package io.pulseplane;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A certificate and its key, which the JDK's keytool generates while the tests run. */
public record TestCertificate(KeyStore keyStore) {

    private static final String ALIAS = "it";
    private static final String ISSUED_ALIAS = "issued";
    private static final char[] PASSWORD = "password".toCharArray();
    private static final List<String> VALID_FOR_A_MONTH = List.of("-validity", "30");

    /** @param extensions values for keytool's option {@code -ext} */
    public static TestCertificate selfSigned(String subject, String... extensions) throws Exception {
        return selfSigned(subject, VALID_FOR_A_MONTH, extensions);
    }

    public static TestCertificate selfSigned(String subject, List<String> validity, String... extensions)
            throws Exception {
        var directory = Files.createTempDirectory("certificate");
        try {
            return new TestCertificate(generate(directory, ALIAS, subject, validity, extensions));
        } finally {
            delete(directory);
        }
    }

    /** Creates a certificate authority. */
    public static TestCertificate certificateAuthority(String subject) throws Exception {
        return selfSigned(subject, "bc:c");
    }

    /** Issues a certificate that this authority signs. */
    public TestCertificate issue(String subject, String... extensions) throws Exception {
        return issue(subject, VALID_FOR_A_MONTH, extensions);
    }

    public TestCertificate issue(String subject, List<String> validity, String... extensions) throws Exception {
        var directory = Files.createTempDirectory("certificate");
        try {
            save(directory);
            var signed = new ArrayList<>(validity);
            signed.addAll(List.of("-signer", ALIAS));
            var keyStoreOfBoth = generate(directory, ISSUED_ALIAS, subject, signed, extensions);
            var issued = KeyStore.getInstance("PKCS12");
            issued.load(null, null);
            issued.setKeyEntry(
                    ALIAS,
                    keyStoreOfBoth.getKey(ISSUED_ALIAS, PASSWORD),
                    PASSWORD,
                    keyStoreOfBoth.getCertificateChain(ISSUED_ALIAS));
            return new TestCertificate(issued);
        } finally {
            delete(directory);
        }
    }

    /** Writes the revocation list of this authority, as PEM. */
    public void writeRevocationList(Path file, TestCertificate... revoked) throws Exception {
        var directory = Files.createTempDirectory("certificate");
        try {
            save(directory);
            var command = new ArrayList<>(List.of("-gencrl", "-rfc", "-alias", ALIAS, "-file", file.toString()));
            for (var certificate : revoked) {
                command.addAll(List.of(
                        "-id", certificate.certificate().getSerialNumber().toString()));
            }
            keytool(directory, command);
        } finally {
            delete(directory);
        }
    }

    private static KeyStore generate(
            Path directory, String alias, String subject, List<String> options, String... extensions) throws Exception {
        var command = new ArrayList<>(
                List.of("-genkeypair", "-alias", alias, "-keyalg", "EC", "-groupname", "secp256r1", "-dname", subject));
        command.addAll(options);
        for (var extension : extensions) {
            command.addAll(List.of("-ext", extension));
        }
        keytool(directory, command);
        return KeyStore.getInstance(file(directory).toFile(), PASSWORD);
    }

    private static void keytool(Path directory, List<String> arguments) throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(arguments);
        command.addAll(List.of("-storetype", "PKCS12", "-storepass", new String(PASSWORD)));
        command.addAll(List.of("-keystore", file(directory).toString()));
        var keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        var output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (keytool.waitFor() != 0) {
            throw new AssertionError("keytool failed: " + output);
        }
    }

    private static Path file(Path directory) {
        return directory.resolve("store.p12");
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Saves the certificate and its key to a directory, for {@link #load}. */
    public void save(Path directory) throws Exception {
        try (var out = Files.newOutputStream(file(Files.createDirectories(directory)))) {
            keyStore.store(out, PASSWORD);
        }
    }

    public static TestCertificate load(Path directory) throws GeneralSecurityException, IOException {
        return new TestCertificate(KeyStore.getInstance(file(directory).toFile(), PASSWORD));
    }

    public X509Certificate certificate() throws GeneralSecurityException {
        return (X509Certificate) keyStore.getCertificate(ALIAS);
    }

    /** Returns the certificate, followed by those of its issuers. */
    public List<X509Certificate> chain() throws GeneralSecurityException {
        var chain = new ArrayList<X509Certificate>();
        for (Certificate certificate : keyStore.getCertificateChain(ALIAS)) {
            chain.add((X509Certificate) certificate);
        }
        return chain;
    }

    public PrivateKey key() throws GeneralSecurityException {
        return (PrivateKey) keyStore.getKey(ALIAS, PASSWORD);
    }

    /** Writes the certificate as PEM. */
    public void writeCertificate(Path file) throws GeneralSecurityException, IOException {
        Files.writeString(file, pem("CERTIFICATE", certificate().getEncoded()));
    }

    /** Writes the key as PEM. */
    public void writeKey(Path file) throws GeneralSecurityException, IOException {
        Files.writeString(file, pem("PRIVATE KEY", key().getEncoded()));
    }

    private static String pem(String label, byte[] bytes) {
        var text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        return "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n";
    }

    /** Returns a context that presents this certificate, and trusts only it and the certificates that it issued. */
    public SSLContext sslContext() throws Exception {
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(keyStore, PASSWORD);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trustManagerFactory().getTrustManagers(), null);
        return context;
    }

    /** Returns a factory that trusts this certificate and those that it issued. */
    public TrustManagerFactory trustManagerFactory() throws Exception {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(ALIAS, certificate());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        return trust;
    }
}
