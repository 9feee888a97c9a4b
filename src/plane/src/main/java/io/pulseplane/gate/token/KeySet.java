package io.pulseplane.gate.token;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The keys that are valid at one moment. Immutable. */
final class KeySet {

    static final KeySet NONE = new KeySet(Map.of());

    private final Map<VerificationKey.Name, VerificationKey> keys;

    private KeySet(Map<VerificationKey.Name, VerificationKey> keys) {
        this.keys = keys;
    }

    /** @throws UnusableKeyException if two keys have the same name, because the plane could not tell them apart */
    static KeySet of(Collection<VerificationKey> keys) throws UnusableKeyException {
        var byName = new HashMap<VerificationKey.Name, VerificationKey>();
        for (var key : keys) {
            if (byName.put(key.name(), key) != null) {
                throw new UnusableKeyException(
                        "two keys are called '" + key.name().id() + "'");
            }
        }
        return new KeySet(Map.copyOf(byName));
    }

    /** The key with this name. */
    Optional<VerificationKey> find(Algorithm algorithm, String id) {
        return Optional.ofNullable(keys.get(new VerificationKey.Name(algorithm, id)));
    }

    /** The key for a token that does not name one. Empty unless exactly one key has this algorithm. */
    Optional<VerificationKey> findOnly(Algorithm algorithm) {
        var matches = keys.values().stream()
                .filter(key -> key.name().algorithm() == algorithm)
                .limit(2)
                .toList();
        return matches.size() == 1 ? Optional.of(matches.getFirst()) : Optional.empty();
    }

    /** Whether this key is in the set. Allocates nothing. */
    boolean contains(VerificationKey key) {
        return key.isSameAs(keys.get(key.name()));
    }

    /** Whether both sets have the same keys. */
    boolean isSameAs(KeySet other) {
        return keys.size() == other.keys.size() && keys.values().stream().allMatch(other::contains);
    }

    int size() {
        return keys.size();
    }
}
