package io.pulseplane.api;

import io.pulseplane.vitals.DisplayText;
import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.PlaneException.FieldViolation;
import java.util.ArrayList;
import java.util.List;

/** Collects the violations of a request, so that the caller gets all of them at once. */
final class Violations {

    /** An immutable empty list until the first violation, so that a valid request allocates no list. */
    private List<FieldViolation> violations = List.of();

    void add(String field, String description) {
        if (violations.isEmpty()) {
            violations = new ArrayList<>();
        }
        violations.add(new FieldViolation(field, description));
    }

    void addUnless(boolean condition, String field, String description) {
        if (!condition) {
            add(field, description);
        }
    }

    /** Checks an id, code or unit. */
    void checkIdentifier(String field, String text) {
        var violation = Identifier.describeViolation(text);
        if (violation.isPresent()) {
            add(field, violation.get());
        }
    }

    /** Checks each text of a list. Builds the name of a field only for a violation. */
    void checkIdentifiers(String field, List<String> texts) {
        for (int i = 0; i < texts.size(); i++) {
            var violation = Identifier.describeViolation(texts.get(i));
            if (violation.isPresent()) {
                add(field + "[" + i + "]", violation.get());
            }
        }
    }

    /** Checks a text that names one thing and may be empty. */
    void checkOptionalIdentifier(String field, String text, int maxLength) {
        Identifier.describeViolation(text, maxLength).ifPresent(violation -> add(field, violation));
    }

    /** Checks a text that is only shown and may be empty. */
    void checkText(String field, String text, int maxLength) {
        DisplayText.describeViolation(text, maxLength).ifPresent(violation -> add(field, violation));
    }

    void throwIfAny() {
        if (!violations.isEmpty()) {
            throw new PlaneException.InvalidArgument(violations);
        }
    }
}
