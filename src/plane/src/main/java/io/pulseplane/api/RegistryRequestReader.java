package io.pulseplane.api;

import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.v1.DeviceStatus;
import io.pulseplane.v1.Gender;
import io.pulseplane.vitals.PlaneException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Converts patients, devices and page parameters from messages, or reports everything that is malformed about them. */
final class RegistryRequestReader {

    private static final int MAX_KEY_LENGTH = 100;
    private static final int MAX_NAME_LENGTH = 200;
    private static final int MAX_DETAIL_LENGTH = 100;
    private static final int MAX_PHONE_LENGTH = 50;
    private static final int MAX_EMAIL_LENGTH = 254;
    private static final LocalDate EARLIEST_DATE_OF_BIRTH = LocalDate.of(1850, 1, 1);

    private static final int DEFAULT_PAGE_SIZE = 100;
    private static final int MAX_PAGE_SIZE = 1_000;

    private RegistryRequestReader() {}

    /** @param today the latest date of birth that is valid */
    static Patient patient(boolean isSet, io.pulseplane.v1.Patient message, LocalDate today) {
        var violations = new Violations();
        violations.addUnless(isSet, "patient", "must be set");
        violations.throwIfAny();
        violations.checkIdentifier("patient.patient_id", message.getPatientId());
        violations.checkOptionalIdentifier("patient.mrn", message.getMrn(), MAX_KEY_LENGTH);
        violations.checkText("patient.given_name", message.getGivenName(), MAX_NAME_LENGTH);
        violations.checkText("patient.family_name", message.getFamilyName(), MAX_NAME_LENGTH);
        violations.checkText("patient.phone", message.getPhone(), MAX_PHONE_LENGTH);
        violations.checkText("patient.email", message.getEmail(), MAX_EMAIL_LENGTH);
        violations.addUnless(
                message.getEmail().isEmpty() || message.getEmail().indexOf('@', 1) > 0,
                "patient.email",
                "must have an @ inside");
        var dateOfBirth = dateOfBirth(message.getDateOfBirth(), today, violations);
        var gender = gender(message.getGender(), violations);
        violations.throwIfAny();
        return new Patient(
                message.getPatientId(),
                nonEmpty(message.getMrn()),
                message.getGivenName(),
                message.getFamilyName(),
                dateOfBirth,
                gender,
                message.getPhone(),
                message.getEmail(),
                false,
                0,
                0);
    }

    private static Optional<LocalDate> dateOfBirth(String text, LocalDate today, Violations violations) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            var date = LocalDate.parse(text);
            if (!date.isBefore(EARLIEST_DATE_OF_BIRTH) && !date.isAfter(today)) {
                return Optional.of(date);
            }
        } catch (DateTimeParseException _) {
            // Reported below, with the valid format.
        }
        violations.add(
                "patient.date_of_birth", "must be a date as YYYY-MM-DD from " + EARLIEST_DATE_OF_BIRTH + " to today");
        return Optional.empty();
    }

    private static Optional<Patient.Gender> gender(Gender gender, Violations violations) {
        return switch (gender) {
            case GENDER_UNSPECIFIED -> Optional.empty();
            case GENDER_MALE -> Optional.of(Patient.Gender.MALE);
            case GENDER_FEMALE -> Optional.of(Patient.Gender.FEMALE);
            case GENDER_OTHER -> Optional.of(Patient.Gender.OTHER);
            case UNRECOGNIZED -> {
                violations.add("patient.gender", "must be a known gender");
                yield Optional.empty();
            }
        };
    }

    static Device device(boolean isSet, io.pulseplane.v1.Device message) {
        var violations = new Violations();
        violations.addUnless(isSet, "device", "must be set");
        violations.throwIfAny();
        violations.checkIdentifier("device.device_id", message.getDeviceId());
        violations.checkOptionalIdentifier("device.serial_number", message.getSerialNumber(), MAX_KEY_LENGTH);
        violations.checkText("device.device_type", message.getDeviceType(), MAX_DETAIL_LENGTH);
        violations.checkText("device.manufacturer", message.getManufacturer(), MAX_DETAIL_LENGTH);
        violations.checkText("device.model", message.getModel(), MAX_DETAIL_LENGTH);
        violations.checkText("device.firmware_version", message.getFirmwareVersion(), MAX_DETAIL_LENGTH);
        var status = status("device.status", message.getStatus(), violations).orElse(Device.Status.ACTIVE);
        violations.throwIfAny();
        return new Device(
                message.getDeviceId(),
                nonEmpty(message.getSerialNumber()),
                message.getDeviceType(),
                message.getManufacturer(),
                message.getModel(),
                message.getFirmwareVersion(),
                status,
                0,
                0,
                false,
                0,
                0);
    }

    /** Returns the status; empty if it is not specified. */
    static Optional<Device.Status> status(String field, DeviceStatus status, Violations violations) {
        return switch (status) {
            case DEVICE_STATUS_UNSPECIFIED -> Optional.empty();
            case DEVICE_STATUS_ACTIVE -> Optional.of(Device.Status.ACTIVE);
            case DEVICE_STATUS_INACTIVE -> Optional.of(Device.Status.INACTIVE);
            case DEVICE_STATUS_MAINTENANCE -> Optional.of(Device.Status.MAINTENANCE);
            case DEVICE_STATUS_RETIRED -> Optional.of(Device.Status.RETIRED);
            case UNRECOGNIZED -> {
                violations.add(field, "must be a known status");
                yield Optional.empty();
            }
        };
    }

    static int pageSize(int requestedSize, Violations violations) {
        violations.addUnless(
                requestedSize >= 0 && requestedSize <= MAX_PAGE_SIZE, "page_size", "must be at most " + MAX_PAGE_SIZE);
        return requestedSize == 0 ? DEFAULT_PAGE_SIZE : requestedSize;
    }

    /** Decodes the text of a page token; an empty token gives an empty text. */
    static String pageStart(String token, Violations violations) {
        try {
            var bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(token));
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (IllegalArgumentException | CharacterCodingException _) {
            violations.add("page_token", "must be as a response gave it");
            return "";
        }
    }

    /** Decodes the number of a page token; an empty token gives the largest number. */
    static long pageStartNumber(String token, Violations violations) {
        var text = pageStart(token, violations);
        try {
            return text.isEmpty() ? Long.MAX_VALUE : Long.parseLong(text);
        } catch (NumberFormatException _) {
            violations.add("page_token", "must be as a response gave it");
            return Long.MAX_VALUE;
        }
    }

    static String pageToken(String start) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(start.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Returns the time at which a change takes effect: now, or a time of the request that is not in the future.
     *
     * @param now in microseconds since the epoch, as the other times
     */
    static long effectiveTime(String field, boolean isSet, long time, long now, Duration clockAllowance) {
        long effective = isSet ? presentOr(time, now, clockAllowance) : now;
        if (effective < 0 || effective > now) {
            throw new PlaneException.InvalidArgument(field, "must not be before 1970 or in the future");
        }
        return effective;
    }

    /**
     * Returns now in place of a time that is ahead of it by no more than the allowance: the caller's clock is ahead and
     * the caller means now. Stored as it came, the change would begin after what happens next on the plane's clock.
     */
    static long presentOr(long time, long now, Duration clockAllowance) {
        return time > now && time - now <= TimeUnit.MICROSECONDS.convert(clockAllowance) ? now : time;
    }

    private static Optional<String> nonEmpty(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
