package io.pulseplane.store;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The erasure of a patient. It does not have the patient's id, so that a list of erasures names nobody.
 *
 * @param idDigest SHA-256 of the id in UTF-8
 * @param time microseconds since the epoch
 */
public record Erasure(byte[] idDigest, long time) {

    public static Erasure of(String patient, long time) {
        return new Erasure(digest(patient), time);
    }

    public static byte[] digest(String patient) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(patient.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Erasure that && time == that.time && Arrays.equals(idDigest, that.idDigest);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(idDigest) + Long.hashCode(time);
    }

    @Override
    public String toString() {
        return "Erasure[" + HexFormat.of().formatHex(idDigest, 0, 4) + "…]";
    }
}
