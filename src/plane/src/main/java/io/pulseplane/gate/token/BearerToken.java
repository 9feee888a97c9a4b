package io.pulseplane.gate.token;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/**
 * The value of an {@code authorization} header, as a key for look-ups. Two values are equal if their tokens are equal;
 * upper and lower case of the scheme makes no difference.
 *
 * <p>The bytes are not copied, because every call would pay for it. Whoever makes a token must not change them
 * afterwards. Tokens have an order only so that a map stays fast when somebody sends many tokens with the same hash on
 * purpose.
 */
public final class BearerToken implements Comparable<BearerToken> {

    private static final byte[] SCHEME = "bearer ".getBytes(StandardCharsets.US_ASCII);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    /** The end of a signature is as random as a hash of the whole token, and faster to read. */
    private static final int HASHED_BYTES = 4 * Long.BYTES;

    private static final long MIX = 0x9E37_79B9_7F4A_7C15L;

    private final byte[] header;

    /** Where the token begins; 0 if the scheme is not Bearer. */
    private final int start;

    /** 0 until it is computed. Several threads may compute it; they get the same value. */
    private int hash;

    public BearerToken(byte[] header) {
        this.header = header;
        this.start = isBearer(header) ? SCHEME.length : 0;
    }

    private static boolean isBearer(byte[] header) {
        if (header.length <= SCHEME.length) {
            return false;
        }
        for (int i = 0; i < SCHEME.length; i++) {
            int lower = SCHEME[i] == ' ' ? header[i] : header[i] | 0x20;
            if (lower != SCHEME[i]) {
                return false;
            }
        }
        return true;
    }

    boolean isBearer() {
        return start > 0;
    }

    /** The number of bytes of the token, without the scheme. */
    int length() {
        return header.length - start;
    }

    /** The token without the scheme. Bytes beyond ASCII become characters that are not valid in a token. */
    String text() {
        return new String(header, start, length(), StandardCharsets.ISO_8859_1);
    }

    /** The SHA-256 of the token, in base64. Two tokens of the same digest are the same token. */
    String digest() {
        try {
            var sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(header, start, length());
            return Base64.getEncoder().encodeToString(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BearerToken that
                && isBearer() == that.isBearer()
                && hashCode() == that.hashCode()
                && Arrays.equals(header, start, header.length, that.header, that.start, that.header.length);
    }

    @Override
    public int compareTo(BearerToken that) {
        int schemes = Boolean.compare(isBearer(), that.isBearer());
        return schemes != 0
                ? schemes
                : Arrays.compare(header, start, header.length, that.header, that.start, that.header.length);
    }

    @Override
    public int hashCode() {
        int value = hash;
        if (value == 0) {
            value = hashOfEnd();
            hash = value;
        }
        return value;
    }

    private int hashOfEnd() {
        if (length() < HASHED_BYTES) {
            return Arrays.hashCode(Arrays.copyOfRange(header, start, header.length));
        }
        long mixed = length();
        for (int i = header.length - HASHED_BYTES; i < header.length; i += Long.BYTES) {
            mixed = (mixed ^ (long) LONG.get(header, i)) * MIX;
            mixed ^= mixed >>> 32;
        }
        return (int) mixed;
    }

    /** Does not show the token: whoever reads it in a log could use it. */
    @Override
    public String toString() {
        return "BearerToken[" + length() + " bytes]";
    }
}
