package io.pulseplane.api;

import io.pulseplane.store.Consent;
import java.time.Duration;
import java.util.OptionalLong;

/** Converts consents from and to messages. */
final class ConsentMessages {

    private static final int MAX_CODES = 100;

    private ConsentMessages() {}

    /**
     * @param recordedBy the caller who records the consent
     * @param now in microseconds since the epoch
     */
    static Consent read(
            boolean isSet, io.pulseplane.v1.Consent message, String recordedBy, long now, Duration clockAllowance) {
        var violations = new Violations();
        violations.addUnless(isSet, "consent", "must be set");
        violations.throwIfAny();
        violations.checkIdentifier("consent.patient_id", message.getPatientId());
        long from =
                message.hasFromUs() ? RegistryRequestReader.presentOr(message.getFromUs(), now, clockAllowance) : now;
        violations.addUnless(from >= 0, "consent.from_us", "must not be before 1970");
        violations.addUnless(
                !message.hasToUs() || message.getToUs() > from, "consent.to_us", "must be later than from_us");
        if (!message.getGranted()) {
            violations.addUnless(!message.hasFromUs(), "consent.from_us", "must not be set on a withdrawal");
            violations.addUnless(!message.hasToUs(), "consent.to_us", "must not be set on a withdrawal");
            violations.addUnless(message.getCodesCount() == 0, "consent.codes", "must be empty on a withdrawal");
        }
        int codes = message.getCodesCount();
        violations.addUnless(codes <= MAX_CODES, "consent.codes", "must be at most " + MAX_CODES);
        for (int i = 0; i < Math.min(codes, MAX_CODES); i++) {
            violations.checkIdentifier("consent.codes[" + i + "]", message.getCodes(i));
        }
        violations.throwIfAny();
        return new Consent(
                0,
                message.getPatientId(),
                message.getGranted(),
                from,
                message.hasToUs() ? OptionalLong.of(message.getToUs()) : OptionalLong.empty(),
                message.getCodesList(),
                recordedBy,
                0);
    }

    static io.pulseplane.v1.Consent write(Consent consent) {
        var message = io.pulseplane.v1.Consent.newBuilder()
                .setPatientId(consent.patient())
                .setGranted(consent.granted())
                .addAllCodes(consent.codes())
                .setRecordedBy(consent.recordedBy())
                .setRecordedUs(consent.recordedAt());
        if (consent.granted()) {
            message.setFromUs(consent.from());
        }
        consent.to().ifPresent(message::setToUs);
        return message.build();
    }
}
