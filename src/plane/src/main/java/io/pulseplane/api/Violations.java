package io.pulseplane.api;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Problem.Violation;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a request, so that the caller learns of all of it at once. */
final class Violations {

    /** Not to be added to while it is empty, which it mostly stays. */
    private List<Violation> found = List.of();

    void add(String field, String description) {
        if (found.isEmpty()) {
            found = new ArrayList<>();
        }
        found.add(new Violation(field, description));
    }

    void addUnless(boolean right, String field, String description) {
        if (!right) {
            add(field, description);
        }
    }

    /** The rule of ids, codes and units. */
    void checkIdentifier(String field, String text) {
        var fault = Identifier.fault(text);
        if (fault.isPresent()) {
            add(field, fault.get());
        }
    }

    /** Each of them, by its place; which is spelled out only for those that are wrong. */
    void checkIdentifiers(String field, List<String> texts) {
        for (int i = 0; i < texts.size(); i++) {
            var fault = Identifier.fault(texts.get(i));
            if (fault.isPresent()) {
                add(field + "[" + i + "]", fault.get());
            }
        }
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
