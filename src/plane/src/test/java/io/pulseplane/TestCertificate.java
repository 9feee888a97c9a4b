package io.pulseplane;

import java.io.IOException;
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

/** A certificate and its key, as the JDK's keytool makes them while the tests run. */
public record TestCertificate(KeyStore keyStore) {

    private static final String ALIAS = "it";
    private static final String ISSUED_ALIAS = "issued";
    private static final char[] PASSWORD = "password".toCharArray();
    private static final List<String> A_MONTH = List.of("-validity", "30");

    /** @param extensions as keytool's {@code -ext} takes them */
    public static TestCertificate selfSigned(String subject, String... extensions) throws Exception {
        return selfSigned(subject, A_MONTH, extensions);
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

    /** An authority, which issues certificates for others. */
    public static TestCertificate certificateAuthority(String subject) throws Exception {
        return selfSigned(subject, "bc:c");
    }

    /** A certificate that this one vouches for. */
    public TestCertificate issue(String subject, String... extensions) throws Exception {
        return issue(subject, A_MONTH, extensions);
    }

    public TestCertificate issue(String subject, List<String> validity, String... extensions) throws Exception {
        var directory = Files.createTempDirectory("certificate");
        try {
            save(directory);
            var signed = new ArrayList<>(validity);
            signed.addAll(List.of("-signer", ALIAS));
            var both = generate(directory, ISSUED_ALIAS, subject, signed, extensions);
            var issued = KeyStore.getInstance("PKCS12");
            issued.load(null, null);
            issued.setKeyEntry(
                    ALIAS, both.getKey(ISSUED_ALIAS, PASSWORD), PASSWORD, both.getCertificateChain(ISSUED_ALIAS));
            return new TestCertificate(issued);
        } finally {
            delete(directory);
        }
    }

    /** The list of what this authority issued and does not vouch for any more, as PEM. */
    public void writeRevocationList(Path file, TestCertificate... revoked) throws Exception {
        var directory = Files.createTempDirectory("certificate");
        try {
            save(directory);
            var command = new ArrayList<>(List.of("-gencrl", "-rfc", "-alias", ALIAS, "-file", file.toString()));
            for (var one : revoked) {
                command.addAll(
                        List.of("-id", one.certificate().getSerialNumber().toString()));
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
        var said = new String(keytool.getInputStream().readAllBytes());
        if (keytool.waitFor() != 0) {
            throw new AssertionError(said);
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

    /** Keeps it in a directory, for {@link #load}. */
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

    /** It, and who vouches for it. */
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

    /** As PEM. */
    public void writeCertificate(Path file) throws GeneralSecurityException, IOException {
        Files.writeString(file, pem("CERTIFICATE", certificate().getEncoded()));
    }

    /** As PEM. */
    public void writeKey(Path file) throws GeneralSecurityException, IOException {
        Files.writeString(file, pem("PRIVATE KEY", key().getEncoded()));
    }

    private static String pem(String what, byte[] bytes) {
        var text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        return "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n";
    }

    /** Of somebody who shows this certificate and believes nobody else's. */
    public SSLContext sslContext() throws Exception {
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(keyStore, PASSWORD);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trustManagerFactory().getTrustManagers(), null);
        return context;
    }

    /** Believes this certificate, and those it vouches for. */
    public TrustManagerFactory trustManagerFactory() throws Exception {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(ALIAS, certificate());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        return trust;
    }
}
