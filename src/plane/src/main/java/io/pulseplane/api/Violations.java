package io.pulseplane.api;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.PlaneException.FieldViolation;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a request, so that the caller learns of all of it at once. */
final class Violations {

    /** Not to be added to while it is empty, which it mostly stays. */
    private List<FieldViolation> violations = List.of();

    void add(String field, String description) {
        if (violations.isEmpty()) {
            violations = new ArrayList<>();
        }
        violations.add(new FieldViolation(field, description));
    }

    void addUnless(boolean right, String field, String description) {
        if (!right) {
            add(field, description);
        }
    }

    /** The rule of ids, codes and units. */
    void checkIdentifier(String field, String text) {
        var fault = Identifier.describeViolation(text);
        if (fault.isPresent()) {
            add(field, fault.get());
        }
    }

    /** Each of them, by its place; which is spelled out only for those that are wrong. */
    void checkIdentifiers(String field, List<String> texts) {
        for (int i = 0; i < texts.size(); i++) {
            var fault = Identifier.describeViolation(texts.get(i));
            if (fault.isPresent()) {
                add(field + "[" + i + "]", fault.get());
            }
        }
    }

    /** Printable text that may be empty. */
    void checkText(String field, String text, int maxLength) {
        Identifier.describeTextViolation(text, maxLength).ifPresent(fault -> add(field, fault));
    }

    void throwIfAny() {
        if (!violations.isEmpty()) {
            throw new PlaneException.InvalidArgument(violations);
        }
    }
}
