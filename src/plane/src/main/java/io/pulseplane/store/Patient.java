package io.pulseplane.store;

import java.time.LocalDate;
import java.util.Optional;

/**
 * A person who is measured. Texts are empty where nothing is known.
 *
 * @param id what readings are filed under
 * @param mrn medical record number, unique
 * @param provisional whether nothing but the id is known; set by the store
 * @param createdAt microseconds since the epoch; set by the store
 * @param updatedAt microseconds since the epoch; set by the store
 */
public record Patient(
        String id,
        Optional<String> mrn,
        String givenName,
        String familyName,
        Optional<LocalDate> dateOfBirth,
        Optional<Gender> gender,
        String phone,
        String email,
        boolean provisional,
        long createdAt,
        long updatedAt) {

    /** Administrative gender. The names are stored: they are only ever added to. */
    public enum Gender {
        MALE,
        FEMALE,
        OTHER
    }

    /** What is known of a patient that was first heard of in a batch. */
    public static Patient provisional(String id, long now) {
        return new Patient(id, Optional.empty(), "", "", Optional.empty(), Optional.empty(), "", "", true, now, now);
    }

    /** No patient's name in a log, not even by mistake. */
    @Override
    public String toString() {
        return "Patient[]";
    }
}
