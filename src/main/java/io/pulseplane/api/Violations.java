package io.pulseplane.api;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Problem.Violation;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a request, so that the caller learns of all of it at once. */
final class Violations {

    private final List<Violation> found = new ArrayList<>();

    void add(String field, String description) {
        found.add(new Violation(field, description));
    }

    void addUnless(boolean right, String field, String description) {
        if (!right) {
            add(field, description);
        }
    }

    /** The rule of ids, codes and units. */
    void checkIdentifier(String field, String text) {
        Identifier.fault(text).ifPresent(fault -> add(field, fault));
    }

    /** Printable text that may be empty. */
    void checkText(String field, String text, int maxLength) {
        Identifier.faultOfText(text, maxLength).ifPresent(fault -> add(field, fault));
    }

    void throwIfAny() {
        if (!found.isEmpty()) {
            throw new Problem.Invalid(found);
        }
    }
}
