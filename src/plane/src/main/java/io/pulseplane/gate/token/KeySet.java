package io.pulseplane.gate.token;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The keys that are valid at one moment. Immutable.
 *
 * <p>RFC 7517 does not ask for ids of keys, and not for different ones. So several keys may have signed a token.
 */
final class KeySet {

    static final KeySet NONE = new KeySet(List.of());

    /** How many keys are tried for one token. Further ones, in the order of the document, need an id of their own. */
    static final int MAX_CANDIDATES = 8;

    private final Map<VerificationKey.Name, List<VerificationKey>> byName = new HashMap<>();
    private final Map<Algorithm, List<VerificationKey>> byAlgorithm = new HashMap<>();
    private final int size;

    private KeySet(Collection<VerificationKey> keys) {
        int count = 0;
        for (var key : keys) {
            if (!contains(key)) {
                byName.computeIfAbsent(key.name(), _ -> new ArrayList<>()).add(key);
                byAlgorithm
                        .computeIfAbsent(key.name().algorithm(), _ -> new ArrayList<>())
                        .add(key);
                count++;
            }
        }
        size = count;
    }

    static KeySet of(Collection<VerificationKey> keys) {
        return new KeySet(keys);
    }

    /** Whether a key has this id. */
    boolean hasKey(Algorithm algorithm, String id) {
        return byName.containsKey(new VerificationKey.Name(algorithm, id));
    }

    /**
     * The keys that may have signed a token of this algorithm, at most {@value #MAX_CANDIDATES}: those with the id that
     * the token names, or else those without an id; all of them if the token names none.
     */
    List<VerificationKey> candidates(Algorithm algorithm, Optional<String> id) {
        var fitting = id.map(text -> byName.getOrDefault(
                        new VerificationKey.Name(algorithm, hasKey(algorithm, text) ? text : ""), List.of()))
                .orElseGet(() -> byAlgorithm.getOrDefault(algorithm, List.of()));
        return fitting.size() <= MAX_CANDIDATES ? fitting : fitting.subList(0, MAX_CANDIDATES);
    }

    /** Whether this key is in the set. Allocates nothing. */
    boolean contains(VerificationKey key) {
        var sameName = byName.get(key.name());
        if (sameName == null) {
            return false;
        }
        for (int i = 0; i < sameName.size(); i++) {
            if (key.isSameAs(sameName.get(i))) {
                return true;
            }
        }
        return false;
    }

    /** Whether both sets have the same keys. */
    boolean isSameAs(KeySet other) {
        return size == other.size
                && byName.values().stream().flatMap(List::stream).allMatch(other::contains);
    }

    int size() {
        return size;
    }
}
