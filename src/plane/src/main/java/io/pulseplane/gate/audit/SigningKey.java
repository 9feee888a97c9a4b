package io.pulseplane.gate.audit;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
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
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The Ed25519 key with which a node signs what it wrote.
 *
 * <p>One file holds both halves, the private one in PKCS#8 and the public one in X.509, as PEM, so that no crash can
 * leave one without the other; beside it, {@code .pub} instead of {@code .key}, is a copy of the public half to be
 * handed out. The private file is for its owner alone, and refused if others can read it.
 */
public final class SigningKey {

    static final String ALGORITHM = "Ed25519";

    private static final System.Logger LOG = System.getLogger(SigningKey.class.getName());

    private static final String PRIVATE = "PRIVATE KEY";
    private static final String PUBLIC = "PUBLIC KEY";

    private final PublicKey publicKey;
    private final Signature signer;

    private SigningKey(KeyPair pair) throws GeneralSecurityException {
        publicKey = pair.getPublic();
        signer = Signature.getInstance(ALGORITHM);
        signer.initSign(pair.getPrivate());
    }

    /**
     * Reads the key, and makes it if there is none.
     *
     * @throws PlaneException.FailedPrecondition if others can read it, or if it is not an Ed25519 key with both halves
     * @throws PlaneException.Unavailable if it can neither be read nor written
     */
    static SigningKey open(Path file) {
        try {
            if (Files.notExists(file)) {
                AuditDirectory.replace(
                        file, pem(KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair()));
                LOG.log(Level.INFO, "Made a key for this node: {0}", file);
            }
            requireOwnerOnly(file);
            var text = Files.readString(file, StandardCharsets.US_ASCII);
            var key = new SigningKey(pair(text, file));
            exportPublicKey(key, file);
            return key;
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the key of this node can neither be read nor written", e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            LOG.log(Level.ERROR, "Not a key of this node: {0}: {1}", file, e.getMessage());
            throw new PlaneException.FailedPrecondition(
                    "the key of this node must be an Ed25519 key in PEM, the private half and the public");
        }
    }

    /** The public half, from the file that is handed out. */
    public static PublicKey readPublic(Path file) {
        try {
            return publicKey(block(PUBLIC, Files.readString(file, StandardCharsets.US_ASCII)));
        } catch (NoSuchFileException e) {
            throw new PlaneException.FailedPrecondition("there is no public key where one was expected");
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the public key cannot be read", e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new PlaneException.FailedPrecondition("a public key of a node must be an Ed25519 key in PEM");
        }
    }

    /** Where the public half of the key in this file is kept. */
    public static Path publicFile(Path file) {
        var name = file.getFileName().toString();
        return file.resolveSibling((name.endsWith(".key") ? name.substring(0, name.length() - 4) : name) + ".pub");
    }

    public PublicKey publicKey() {
        return publicKey;
    }

    /** @return the line that begins like this and ends with its signature; to be called by one thread at a time */
    String sign(String prefix) {
        try {
            signer.update(prefix.getBytes(StandardCharsets.UTF_8));
            return prefix + LineFormat.SIGNATURE + HexFormat.of().formatHex(signer.sign()) + LineFormat.END;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key that signed before does not sign any more", e);
        }
    }

    private static void requireOwnerOnly(Path file) throws IOException {
        var permissions = Files.getPosixFilePermissions(file);
        var owner = EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        if (!owner.containsAll(permissions)) {
            LOG.log(Level.ERROR, "The key is open to others; chmod 600 {0}, or replace it", file);
            throw new PlaneException.FailedPrecondition("the key of this node must be for its owner alone (mode 0600)");
        }
    }

    private static KeyPair pair(String text, Path file) throws GeneralSecurityException {
        PrivateKey privateKey =
                KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(block(PRIVATE, text)));
        var pair = new KeyPair(publicKey(block(PUBLIC, text)), privateKey);
        if (!pair.getPublic().equals(derivePublicKey(privateKey))) {
            throw new GeneralSecurityException("the halves do not belong together");
        }
        return pair;
    }

    /**
     * The public half is made of the private one, whose bytes are what a generator of keys draws. Every start of a plane waits
     * for it, and longer for something to be signed and checked.
     */
    private static PublicKey derivePublicKey(PrivateKey privateKey) throws GeneralSecurityException {
        var drawn = ((EdECPrivateKey) privateKey)
                .getBytes()
                .orElseThrow(() -> new GeneralSecurityException("the private half does not say its bytes"));
        var generator = KeyPairGenerator.getInstance(ALGORITHM);
        generator.initialize(NamedParameterSpec.ED25519, new FixedRandom(drawn));
        return generator.generateKeyPair().getPublic();
    }

    /** Draws what it was given. */
    private static final class FixedRandom extends SecureRandom {

        private static final long serialVersionUID = 1L;

        private final byte[] given;

        private FixedRandom(byte[] given) {
            this.given = given;
        }

        @Override
        public void nextBytes(byte[] drawn) {
            System.arraycopy(given, 0, drawn, 0, drawn.length);
        }
    }

    private static PublicKey publicKey(byte[] encoded) throws GeneralSecurityException {
        return KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
    }

    private static void exportPublicKey(SigningKey key, Path file) throws IOException {
        var copy = publicFile(file);
        var text = pem(PUBLIC, key.publicKey.getEncoded());
        var there = Files.exists(copy) ? Optional.of(Files.readString(copy)) : Optional.empty();
        if (!there.equals(Optional.of(text))) {
            AuditDirectory.replace(copy, text);
        }
    }

    private static String pem(KeyPair pair) {
        return pem(PRIVATE, pair.getPrivate().getEncoded())
                + pem(PUBLIC, pair.getPublic().getEncoded());
    }

    private static String pem(String what, byte[] encoded) {
        var lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        return "-----BEGIN " + what + "-----\n" + lines + "\n-----END " + what + "-----\n";
    }

    private static byte[] block(String what, String text) {
        var found = Pattern.compile("-----BEGIN " + what + "-----([A-Za-z0-9+/=\\s]+)-----END " + what + "-----")
                .matcher(text);
        if (!found.find()) {
            throw new IllegalArgumentException("there is no " + what);
        }
        return Base64.getMimeDecoder().decode(found.group(1));
    }
}
