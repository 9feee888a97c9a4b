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
 * Makes what is kept elsewhere unreadable to whoever can read there, and whatever else is put there worthless: AES-256-GCM,
 * bound to the place it is kept in.
 *
 * <p>A sealed text is {@code 1 | key id (4) | salt (16) | nonce (12) | ciphertext and tag}. Each plane seals with a key of
 * its own for each start, derived from the site's key and the salt (HKDF-SHA-256), and for at most 2^30 texts: nonces are
 * random, and far from the number at which two may be expected to be the same.
 *
 * <p>What this does not do: whoever can write there can put back what was there before, in the same place.
 */
public final class Aead {

    /** Two sealed texts that begin with the same bytes up to here are the same. */
    public static final int HEADER_BYTES = 33;

    private static final byte FORMAT_VERSION = 1;
    private static final int KEY_ID_BYTES = 4;
    private static final int SALT_BYTES = 16;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int MAX_SEALS_PER_SALT = 1 << 30;

    /** One for each plane and start of it within the life of what is kept. */
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

    /** @param use for what; what is sealed for one use cannot be opened for another */
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

    /** By which planes tell whether they seal with the same key; says nothing of the key. */
    public int keyId() {
        return currentKeyId;
    }

    /** A name for an id, that only who has the key can make. */
    public String pseudonym(String kind, String id) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(pseudonymKey);
            mac.update(kind.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            var name = Arrays.copyOf(mac.doFinal(id.getBytes(StandardCharsets.UTF_8)), PSEUDONYM_BYTES);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(name);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HMAC", e);
        }
    }

    /** @param place where it will be kept; it cannot be opened anywhere else */
    public byte[] seal(String place, byte[] text) {
        var key = sealingKey();
        var nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            var cipher = cipher(Cipher.ENCRYPT_MODE, key.key, nonce, place);
            var out = ByteBuffer.allocate(HEADER_BYTES + cipher.getOutputSize(text.length));
            out.put(FORMAT_VERSION).putInt(currentKeyId).put(key.salt).put(nonce);
            cipher.doFinal(ByteBuffer.wrap(text), out);
            return out.array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-GCM", e);
        }
    }

    /** The text; empty if it was not sealed for this place by somebody who has one of the keys. */
    public Optional<byte[]> open(String place, byte[] sealedText) {
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
            var known = derivedKeyCache.getIfPresent(idAndSalt);
            var key = known == null ? derive(master, "seal", salt) : known;
            var cipher = cipher(Cipher.DECRYPT_MODE, key, nonce, place);
            var text = cipher.doFinal(sealedText, HEADER_BYTES, sealedText.length - HEADER_BYTES);
            if (known == null) {
                // Only now is it certain that the salt is one of ours, and worth its room.
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

    private static Cipher cipher(int mode, SecretKey key, byte[] nonce, String place) throws GeneralSecurityException {
        var cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(place.getBytes(StandardCharsets.UTF_8));
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
            throw new IllegalStateException("Java 25 has HKDF", e);
        }
    }
}
