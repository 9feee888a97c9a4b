package io.pulseplane.gate.audit;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.files.SecretCommand;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The Ed25519 key with which a node signs its audit trail.
 *
 * <p>Whoever can read it can write the trail anew and sign it. In the directory of the trail it therefore proves only
 * what is kept elsewhere too; a file or a command outside of the directory keeps it from those who have the directory.
 *
 * <p>The key is PEM, in PKCS#8. The public key may follow it. The file that the plane makes has both, so that a crash
 * cannot leave one without the other. A copy of the public key is in the directory of the trail, to give to others. The
 * plane refuses a key file that others than its owner can read, or that belongs to another user.
 */
public final class SigningKey {

    static final String ALGORITHM = "Ed25519";

    private static final System.Logger LOG = System.getLogger(SigningKey.class.getName());

    private static final String PRIVATE = "PRIVATE KEY";
    private static final String PUBLIC = "PUBLIC KEY";

    /** Where the key is. */
    public sealed interface Source {

        /** The file {@code node.key} in the directory of the trail. The plane makes it if there is none. */
        record InDirectory() implements Source {}

        /** A file that somebody else has made. */
        record KeyFile(Path path) implements Source {}

        /** A command, with its arguments, that prints the key. */
        record Command(List<String> words) implements Source {}
    }

    private final PublicKey publicKey;
    private final Signature signer;

    private SigningKey(KeyPair pair) throws GeneralSecurityException {
        publicKey = pair.getPublic();
        signer = Signature.getInstance(ALGORITHM);
        signer.initSign(pair.getPrivate());
    }

    /**
     * Reads the key, and writes a copy of the public key into the directory of the trail.
     *
     * @throws PlaneException.FailedPrecondition if others can read the file, or if it is no Ed25519 key
     * @throws PlaneException.Unavailable if the key cannot be read or written
     */
    public static SigningKey open(Source source, Path directory) {
        return open(source, directory.resolve("node.key"), directory.resolve("node.pub"));
    }

    /** Reads the key from a file, and creates both if the file does not exist. */
    static SigningKey open(Path file) {
        return open(new Source.InDirectory(), file, publicFile(file));
    }

    private static SigningKey open(Source source, Path defaultFile, Path publicFile) {
        try {
            var text =
                    switch (source) {
                        case Source.InDirectory() -> readOrCreate(defaultFile);
                        case Source.KeyFile(var file) -> read(file);
                        case Source.Command(var words) -> SecretCommand.run(words, "signing key");
                    };
            var key = new SigningKey(parsePair(text));
            exportPublicKey(key, publicFile);
            return key;
        } catch (NoSuchFileException e) {
            throw new PlaneException.FailedPrecondition("the file of the signing key does not exist: " + e.getFile());
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the signing key of this node cannot be read or written", e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            LOG.log(Level.ERROR, "Not a signing key: {0}: {1}", source, e.getMessage());
            throw new PlaneException.FailedPrecondition(
                    "the signing key of this node must be an Ed25519 key in PEM (PKCS#8), and its public key must be"
                            + " the one that belongs to it");
        }
    }

    private static String readOrCreate(Path file) throws IOException, GeneralSecurityException {
        if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
            AuditDirectory.replace(
                    file, pem(KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair()));
            LOG.log(Level.INFO, "Created a signing key for this node: {0}", file);
        }
        return read(file);
    }

    private static String read(Path file) throws IOException {
        PrivateFiles.requirePrivateFile(file, "signing key");
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return new String(in.readNBytes(SecretCommand.MAX_TEXT_BYTES), StandardCharsets.US_ASCII);
        }
    }

    /** Reads a public key from its own file. */
    public static PublicKey readPublic(Path file) {
        try {
            return publicKey(block(PUBLIC, Files.readString(file, StandardCharsets.US_ASCII)));
        } catch (NoSuchFileException e) {
            throw new PlaneException.FailedPrecondition("the file of the node's public key does not exist");
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the node's public key cannot be read", e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new PlaneException.FailedPrecondition("the node's public key must be an Ed25519 key in PEM");
        }
    }

    /** The file with the copy of the public key, beside this key file. */
    static Path publicFile(Path keyFile) {
        var name = keyFile.getFileName().toString();
        return keyFile.resolveSibling((name.endsWith(".key") ? name.substring(0, name.length() - 4) : name) + ".pub");
    }

    public PublicKey publicKey() {
        return publicKey;
    }

    /** @return the line with this prefix and its signature; only one thread at a time may call this */
    public String sign(String prefix) {
        try {
            signer.update(prefix.getBytes(StandardCharsets.UTF_8));
            return prefix + LineFormat.SIGNATURE + HexFormat.of().formatHex(signer.sign()) + LineFormat.END;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the signing key cannot sign", e);
        }
    }

    private static KeyPair parsePair(String text) throws GeneralSecurityException {
        PrivateKey privateKey =
                KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(block(PRIVATE, text)));
        var publicKey = derivePublicKey(privateKey);
        if (text.contains(PUBLIC) && !publicKey.equals(publicKey(block(PUBLIC, text)))) {
            throw new GeneralSecurityException("the private key and the public key are not a pair");
        }
        return new KeyPair(publicKey, privateKey);
    }

    /**
     * Derives the public key. The private key's bytes are what a key generator draws at random, so a generator that
     * draws them again makes the same pair. This is faster than signing and checking something, and every start of a
     * plane waits for it.
     */
    private static PublicKey derivePublicKey(PrivateKey privateKey) throws GeneralSecurityException {
        var seed = ((EdECPrivateKey) privateKey)
                .getBytes()
                .orElseThrow(() -> new GeneralSecurityException("the private key does not give its bytes"));
        var generator = KeyPairGenerator.getInstance(ALGORITHM);
        generator.initialize(NamedParameterSpec.ED25519, new FixedRandom(seed));
        return generator.generateKeyPair().getPublic();
    }

    /** Always draws the same bytes. */
    private static final class FixedRandom extends SecureRandom {

        private static final long serialVersionUID = 1L;

        private final byte[] seed;

        private FixedRandom(byte[] seed) {
            this.seed = seed;
        }

        @Override
        public void nextBytes(byte[] bytes) {
            System.arraycopy(seed, 0, bytes, 0, bytes.length);
        }
    }

    private static PublicKey publicKey(byte[] encoded) throws GeneralSecurityException {
        return KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
    }

    private static void exportPublicKey(SigningKey key, Path publicFile) throws IOException {
        var text = pem(PUBLIC, key.publicKey.getEncoded());
        if (!Files.exists(publicFile) || !Files.readString(publicFile).equals(text)) {
            AuditDirectory.replace(publicFile, text);
        }
    }

    private static String pem(KeyPair pair) {
        return pem(PRIVATE, pair.getPrivate().getEncoded())
                + pem(PUBLIC, pair.getPublic().getEncoded());
    }

    private static String pem(String label, byte[] encoded) {
        var lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        return "-----BEGIN " + label + "-----\n" + lines + "\n-----END " + label + "-----\n";
    }

    private static byte[] block(String label, String text) {
        var matcher = Pattern.compile("-----BEGIN " + label + "-----([A-Za-z0-9+/=\\s]+)-----END " + label + "-----")
                .matcher(text);
        if (!matcher.find()) {
            throw new IllegalArgumentException("the file has no " + label);
        }
        return Base64.getMimeDecoder().decode(matcher.group(1));
    }
}
