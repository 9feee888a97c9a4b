package io.pulseplane.store.seal;

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
public final class Seal {

    /** Two sealed texts that begin with the same bytes up to here are the same. */
    public static final int UNIQUE_BYTES = 33;

    private static final byte SEALED = 1;
    private static final int ID_BYTES = 4;
    private static final int SALT_BYTES = 16;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int MAX_PER_SALT = 1 << 30;

    /** One for each plane and start of it within the life of what is kept. */
    private static final int MAX_SALTS = 10_000;

    private static final int NAME_BYTES = 16;

    private record Derived(byte[] salt, SecretKey key) {}

    private final Map<Integer, SecretKey> masters = new HashMap<>();
    private final String use;
    private final int current;
    private final SecretKey names;
    private final SecureRandom random = new SecureRandom();
    private final Cache<ByteBuffer, SecretKey> opening =
            Caffeine.newBuilder().maximumSize(MAX_SALTS).build();
    private Derived sealing;
    private int sealed;

    /** @param use for what; what is sealed for one use cannot be opened for another */
    public Seal(SealKeys keys, String use) {
        this.use = use;
        current = add(keys.current());
        keys.others().forEach(this::add);
        names = derive(masters.get(current), "names", new byte[0]);
    }

    private int add(byte[] key) {
        var master = new SecretKeySpec(key, "Generic");
        int id = ByteBuffer.wrap(derive(master, "id", new byte[0]).getEncoded()).getInt();
        masters.put(id, master);
        return id;
    }

    /** By which planes tell whether they seal with the same key; says nothing of the key. */
    public int keyId() {
        return current;
    }

    /** A name for an id, that only who has the key can make. */
    public String name(String kind, String id) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(names);
            mac.update(kind.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            var name = Arrays.copyOf(mac.doFinal(id.getBytes(StandardCharsets.UTF_8)), NAME_BYTES);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(name);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HMAC", e);
        }
    }

    /** @param place where it will be kept; it cannot be opened anywhere else */
    public byte[] seal(String place, byte[] text) {
        var key = sealing();
        var nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            var cipher = cipher(Cipher.ENCRYPT_MODE, key.key, nonce, place);
            var out = ByteBuffer.allocate(UNIQUE_BYTES + cipher.getOutputSize(text.length));
            out.put(SEALED).putInt(current).put(key.salt).put(nonce);
            cipher.doFinal(ByteBuffer.wrap(text), out);
            return out.array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has AES-GCM", e);
        }
    }

    /** The text; empty if it was not sealed for this place by somebody who has one of the keys. */
    public Optional<byte[]> open(String place, byte[] sealedText) {
        if (sealedText.length < UNIQUE_BYTES + TAG_BITS / Byte.SIZE || sealedText[0] != SEALED) {
            return Optional.empty();
        }
        var in = ByteBuffer.wrap(sealedText, 1, sealedText.length - 1);
        var master = masters.get(in.getInt());
        if (master == null) {
            return Optional.empty();
        }
        var idAndSalt = ByteBuffer.wrap(Arrays.copyOfRange(sealedText, 1, 1 + ID_BYTES + SALT_BYTES));
        var salt = new byte[SALT_BYTES];
        in.get(salt);
        var nonce = new byte[NONCE_BYTES];
        in.get(nonce);
        try {
            var known = opening.getIfPresent(idAndSalt);
            var key = known == null ? derive(master, "seal", salt) : known;
            var cipher = cipher(Cipher.DECRYPT_MODE, key, nonce, place);
            var text = cipher.doFinal(sealedText, UNIQUE_BYTES, sealedText.length - UNIQUE_BYTES);
            if (known == null) {
                // Only now is it certain that the salt is one of ours, and worth its room.
                opening.put(idAndSalt, key);
            }
            return Optional.of(text);
        } catch (GeneralSecurityException e) {
            return Optional.empty();
        }
    }

    private synchronized Derived sealing() {
        if (sealing == null || sealed == MAX_PER_SALT) {
            var salt = new byte[SALT_BYTES];
            random.nextBytes(salt);
            sealing = new Derived(salt, derive(masters.get(current), "seal", salt));
            sealed = 0;
        }
        sealed++;
        return sealing;
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
                                    .thenExpand(info, SealKeys.BYTES));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Java 25 has HKDF", e);
        }
    }
}
