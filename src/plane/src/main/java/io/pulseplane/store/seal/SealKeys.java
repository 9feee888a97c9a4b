package io.pulseplane.store.seal;

import java.util.Base64;
import java.util.List;

/**
 * Keys of {@value #BYTES} bytes, the same on every plane of a site.
 *
 * @param current what is sealed from now on
 * @param others what may be read besides: the one before, or the one to come
 */
public record SealKeys(byte[] current, List<byte[]> others) {

    public static final int BYTES = 32;

    /** @throws IllegalArgumentException if one of them has not got {@value #BYTES} bytes */
    public SealKeys {
        others = List.copyOf(others);
        check(current);
        others.forEach(SealKeys::check);
    }

    private static void check(byte[] key) {
        if (key.length != BYTES) {
            throw new IllegalArgumentException("a key has to be " + BYTES + " bytes");
        }
    }

    /**
     * Keys as they are configured, in Base64.
     *
     * @throws IllegalArgumentException if one of them is none; the message does not quote it
     */
    public static SealKeys parse(String current, List<String> others) {
        return new SealKeys(parse(current), others.stream().map(SealKeys::parse).toList());
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
        return "SealKeys[" + (1 + others.size()) + "]";
    }
}
