package io.pulseplane.store.crypto;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;
import javax.crypto.KDF;
import javax.crypto.KeyAgreement;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * The operator's key pair for what a backup must keep secret: X25519 in PEM, as {@code openssl genpkey -algorithm
 * X25519} makes it. The public key seals, and lies beside the plane; the private key opens, and lies in a safe.
 *
 * <p>A sealed text is the public key of a pair that is made for this text alone (44 bytes, X.509), and the text under
 * AES-256-GCM with a key that HKDF-SHA-256 derives from the secret that both pairs agree on and from both public keys.
 */
public final class RecoveryKey {

    private static final String ALGORITHM = "X25519";
    private static final int PUBLIC_KEY_BYTES = 44;
    private static final int ID_BYTES = 8;
    private static final int AES_KEY_BYTES = 32;
    private static final int MAX_FILE_BYTES = 4_096;

    /** How X.509 encodes a public key for X25519, before its 32 bytes (RFC 8410). */
    private static final byte[] PREFIX = HexFormat.of().parseHex("302a300506032b656e032100");

    private RecoveryKey() {}

    /** The half that seals. */
    public record Public(PublicKey key) {

        /** @throws PlaneException.FailedPrecondition if the file has no public key for X25519 in PEM */
        public static Public read(Path file) {
            return new Public(parse(
                    readText(file),
                    "PUBLIC KEY",
                    encoded -> KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded))));
        }

        /** Identifies the key: the first 8 bytes of its SHA-256, in hexadecimal digits. */
        public String id() {
            return RecoveryKey.idOf(key.getEncoded());
        }

        /** @param use what the text is for; it cannot be opened for another use */
        public byte[] seal(String use, byte[] text) {
            try {
                KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
                var ownKey = pair.getPublic().getEncoded();
                var aes = derive(pair.getPrivate(), key, ownKey, key.getEncoded(), use);
                var sealed = new AesGcm().seal(aes, associatedData(use), text, 0, text.length);
                return ByteBuffer.allocate(ownKey.length + sealed.length)
                        .put(ownKey)
                        .put(sealed)
                        .array();
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("this Java has no X25519", e);
            }
        }
    }

    /** The half that opens. */
    public static final class Private {

        private final PrivateKey key;
        private final byte[] publicKey;

        private Private(PrivateKey key) throws GeneralSecurityException {
            this.key = key;
            this.publicKey = publicKeyOf(key);
        }

        /** @throws PlaneException.FailedPrecondition if the file has no such key, or if others can read it */
        public static Private read(Path file) {
            try {
                PrivateFiles.requirePrivateFile(file, "recovery key");
            } catch (IOException e) {
                throw new PlaneException.Unavailable("the recovery key cannot be read", e);
            }
            return parse(
                    readText(file),
                    "PRIVATE KEY",
                    encoded -> new Private(
                            KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(encoded))));
        }

        public String id() {
            return RecoveryKey.idOf(publicKey);
        }

        /** @throws DecryptionFailedException if the text was sealed for another key or use, or is damaged */
        public byte[] open(String use, byte[] sealed) throws DecryptionFailedException {
            if (sealed.length < PUBLIC_KEY_BYTES) {
                throw new DecryptionFailedException(new GeneralSecurityException("too short"));
            }
            try {
                var otherBytes = Arrays.copyOf(sealed, PUBLIC_KEY_BYTES);
                var other = KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(otherBytes));
                var aes = derive(key, other, otherBytes, publicKey, use);
                return new AesGcm().open(aes, associatedData(use), sealed, PUBLIC_KEY_BYTES, sealed.length);
            } catch (GeneralSecurityException e) {
                throw new DecryptionFailedException(e);
            }
        }
    }

    private static byte[] associatedData(String use) {
        return use.getBytes(StandardCharsets.UTF_8);
    }

    private static SecretKey derive(PrivateKey own, PublicKey other, byte[] sender, byte[] recipient, String use)
            throws GeneralSecurityException {
        var info = ("pulseplane recovery " + use).getBytes(StandardCharsets.UTF_8);
        return KDF.getInstance("HKDF-SHA256")
                .deriveKey(
                        "AES",
                        HKDFParameterSpec.ofExtract()
                                .addIKM(agree(own, other))
                                .addSalt(sender)
                                .addSalt(recipient)
                                .thenExpand(info, AES_KEY_BYTES));
    }

    /** The public key is what the private key makes of the base point of the curve (RFC 7748, 6.1). */
    private static byte[] publicKeyOf(PrivateKey key) throws GeneralSecurityException {
        var basePoint = Arrays.copyOf(PREFIX, PUBLIC_KEY_BYTES);
        basePoint[PREFIX.length] = 9;
        var publicKey = Arrays.copyOf(PREFIX, PUBLIC_KEY_BYTES);
        System.arraycopy(
                agree(key, KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(basePoint))),
                0,
                publicKey,
                PREFIX.length,
                PUBLIC_KEY_BYTES - PREFIX.length);
        return publicKey;
    }

    private static byte[] agree(PrivateKey own, PublicKey other) throws GeneralSecurityException {
        var agreement = KeyAgreement.getInstance(ALGORITHM);
        agreement.init(own);
        agreement.doPhase(other, true);
        return agreement.generateSecret();
    }

    private static String idOf(byte[] publicKey) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(publicKey), 0, ID_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    private interface KeyParser<K> {
        K parse(byte[] encoded) throws GeneralSecurityException;
    }

    private static <K> K parse(String text, String label, KeyParser<K> parser) {
        var matcher = Pattern.compile("-----BEGIN " + label + "-----([A-Za-z0-9+/=\\s]+)-----END " + label + "-----")
                .matcher(text);
        try {
            if (matcher.find()) {
                return parser.parse(Base64.getMimeDecoder().decode(matcher.group(1)));
            }
        } catch (GeneralSecurityException | IllegalArgumentException _) {
            // The text is not quoted, because it may be a secret.
        }
        throw new PlaneException.FailedPrecondition(
                "the recovery key must be an X25519 key in PEM, with the label " + label);
    }

    private static String readText(Path file) {
        try (var in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MAX_FILE_BYTES), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the recovery key " + file + " cannot be read", e);
        }
    }
}
