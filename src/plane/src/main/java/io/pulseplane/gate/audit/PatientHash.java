package io.pulseplane.gate.audit;

/**
 * Hashes ids of patients under a key, so that the trail names nobody to those who do not have the key. Several threads
 * may use one.
 */
@FunctionalInterface
public interface PatientHash {

    /** {@value #DIGITS} lowercase hexadecimal digits, always the same of one id. */
    String of(String id);

    int DIGITS = 32;
}
