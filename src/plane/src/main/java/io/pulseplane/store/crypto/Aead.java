package io.pulseplane.store.crypto;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts and authenticates data that the planes of a site keep outside of themselves, with AES-256-GCM. Nobody
 * without the key can read a sealed text or make one. Associated data binds each text to the place where it is kept.
 *
 * <p>A sealed text is {@code 1 | key id (4) | salt (16) | nonce (12) | ciphertext and tag}. Each run of a plane seals
 * with a key of its own, which HKDF-SHA-256 derives from the site's key and a random salt. Nonces are random, and a
 * plane takes a new salt after 2^30 texts, so a repeated nonce stays improbable.
 *
 * <p>This does not prevent replay: who can write to the place can put an older text back into the same place.
 */
public final class Aead {

    /** Length of the header. The header is unique: two sealed texts with the same header are the same text. */
    public static final int HEADER_BYTES = 33;

    private static final byte FORMAT_VERSION = 1;
    private static final int KEY_ID_BYTES = 4;
    private static final int SALT_BYTES = 16;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int MAX_SEALS_PER_SALT = 1 << 30;

    /** Enough for every run of every plane whose texts are still kept. */
    private static final int MAX_CACHED_KEYS = 10_000;

    private static final int PSEUDONYM_BYTES = 16;

    private record DerivedKey(byte[] salt, SecretKey key) {}

    private final Map<Integer, SecretKey> masterKeys = new HashMap<>();
    private final String use;
    private final int currentKeyId;
    private final SecretKey pseudonymKey;
    private final SecureRandom random = new SecureRandom();
    private final Cache<ByteBuffer, SecretKey> derivedKeyCache =
            Caffeine.newBuilder().maximumSize(MAX_CACHED_KEYS).build();
    private DerivedKey sealingKey;
    private int sealsUnderKey;

    /** @param use what the texts are for; a text that was sealed for one use cannot be opened for another */
    public Aead(Keyset keys, String use) {
        this.use = use;
        currentKeyId = add(keys.current());
        keys.others().forEach(this::add);
        pseudonymKey = derive(masterKeys.get(currentKeyId), "names", new byte[0]);
    }

    private int add(byte[] key) {
        var master = new SecretKeySpec(key, "Generic");
        int id = ByteBuffer.wrap(derive(master, "id", new byte[0]).getEncoded()).getInt();
        masterKeys.put(id, master);
        return id;
    }

    /** Identifies the key that seals, so that planes can compare theirs. It reveals nothing of the key. */
    public int keyId() {
        return currentKeyId;
    }

    /** A keyed hash of an id (HMAC-SHA-256). Only who has the key can compute it. */
    public String pseudonym(String kind, String id) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(pseudonymKey);
            mac.update(kind.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            var hash = Arrays.copyOf(mac.doFinal(id.getBytes(StandardCharsets.UTF_8)), PSEUDONYM_BYTES);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA-256", e);
        }
    }

    /** @param associatedData the place where the text is kept; the text cannot be opened with other associated data */
    public byte[] seal(String associatedData, byte[] text) {
        var key = sealingKey();
        var nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            var cipher = cipher(Cipher.ENCRYPT_MODE, key.key, nonce, associatedData);
            var out = ByteBuffer.allocate(HEADER_BYTES + cipher.getOutputSize(text.length));
            out.put(FORMAT_VERSION).putInt(currentKeyId).put(key.salt).put(nonce);
            cipher.doFinal(ByteBuffer.wrap(text), out);
            return out.array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no AES-GCM", e);
        }
    }

    /** The plain text. Empty if the text was sealed with another key or for other associated data, or was changed. */
    public Optional<byte[]> open(String associatedData, byte[] sealedText) {
        if (sealedText.length < HEADER_BYTES + TAG_BITS / Byte.SIZE || sealedText[0] != FORMAT_VERSION) {
            return Optional.empty();
        }
        var in = ByteBuffer.wrap(sealedText, 1, sealedText.length - 1);
        var master = masterKeys.get(in.getInt());
        if (master == null) {
            return Optional.empty();
        }
        var idAndSalt = ByteBuffer.wrap(Arrays.copyOfRange(sealedText, 1, 1 + KEY_ID_BYTES + SALT_BYTES));
        var salt = new byte[SALT_BYTES];
        in.get(salt);
        var nonce = new byte[NONCE_BYTES];
        in.get(nonce);
        try {
            var cachedKey = derivedKeyCache.getIfPresent(idAndSalt);
            var key = cachedKey == null ? derive(master, "seal", salt) : cachedKey;
            var cipher = cipher(Cipher.DECRYPT_MODE, key, nonce, associatedData);
            var text = cipher.doFinal(sealedText, HEADER_BYTES, sealedText.length - HEADER_BYTES);
            if (cachedKey == null) {
                // The tag proves that the salt is one of ours; a forged salt must not take room in the cache.
                derivedKeyCache.put(idAndSalt, key);
            }
            return Optional.of(text);
        } catch (GeneralSecurityException e) {
            return Optional.empty();
        }
    }

    private synchronized DerivedKey sealingKey() {
        if (sealingKey == null || sealsUnderKey == MAX_SEALS_PER_SALT) {
            var salt = new byte[SALT_BYTES];
            random.nextBytes(salt);
            sealingKey = new DerivedKey(salt, derive(masterKeys.get(currentKeyId), "seal", salt));
            sealsUnderKey = 0;
        }
        sealsUnderKey++;
        return sealingKey;
    }

    private static Cipher cipher(int mode, SecretKey key, byte[] nonce, String associatedData)
            throws GeneralSecurityException {
        var cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(associatedData.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }

    private SecretKey derive(SecretKey master, String purpose, byte[] salt) {
        var info = ("pulseplane " + use + " " + purpose).getBytes(StandardCharsets.UTF_8);
        try {
            return KDF.getInstance("HKDF-SHA256")
                    .deriveKey(
                            "AES",
                            HKDFParameterSpec.ofExtract()
                                    .addIKM(master)
                                    .addSalt(salt)
                                    .thenExpand(info, Keyset.BYTES));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HKDF-SHA-256", e);
        }
    }
}
