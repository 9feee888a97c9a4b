package io.pulseplane.store;

import java.time.LocalDate;
import java.util.Optional;

/**
 * A patient in the registry. Unknown texts are empty.
 *
 * @param id the id that readings of the patient have
 * @param mrn medical record number, unique
 * @param provisional whether the registry has nothing but the id; the store sets it
 * @param createdAt microseconds since the epoch; the store sets it
 * @param updatedAt microseconds since the epoch; the store sets it
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

    /** Administrative gender. Stores keep the names: none may be renamed or removed. */
    public enum Gender {
        MALE,
        FEMALE,
        OTHER
    }

    /** Returns the entry of a patient whom a batch names and who is not registered. */
    public static Patient provisional(String id, long now) {
        return new Patient(id, Optional.empty(), "", "", Optional.empty(), Optional.empty(), "", "", true, now, now);
    }

    /** Is empty, so that no log can have a patient's data by mistake. */
    @Override
    public String toString() {
        return "Patient[]";
    }
}
