package io.pulseplane.store.crypto;

import java.util.Base64;
import java.util.List;

/**
 * Keys of {@value #BYTES} bytes, the same on every plane of a site.
 *
 * @param current the key that seals
 * @param others keys that open, too: the one before or the one after {@code current}
 */
public record Keyset(byte[] current, List<byte[]> others) {

    public static final int BYTES = 32;

    /** @throws IllegalArgumentException if one of the keys does not have {@value #BYTES} bytes */
    public Keyset {
        others = List.copyOf(others);
        check(current);
        others.forEach(Keyset::check);
    }

    private static void check(byte[] key) {
        if (key.length != BYTES) {
            throw new IllegalArgumentException("a key has to be " + BYTES + " bytes");
        }
    }

    /**
     * Reads keys from base64, as the configuration has them.
     *
     * @throws IllegalArgumentException if one of them is not a key; the message does not quote it
     */
    public static Keyset parse(String current, List<String> others) {
        return new Keyset(parse(current), others.stream().map(Keyset::parse).toList());
    }

    private static byte[] parse(String key) {
        try {
            return Base64.getDecoder().decode(key.strip());
        } catch (IllegalArgumentException _) {
            throw new IllegalArgumentException("a key has to be " + BYTES + " bytes in Base64");
        }
    }

    @Override
    public String toString() {
        return "Keyset[" + (1 + others.size()) + "]";
    }
}
