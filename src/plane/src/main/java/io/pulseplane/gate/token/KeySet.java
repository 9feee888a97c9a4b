package io.pulseplane.gate.token;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The keys that hold at one moment. Immutable. */
final class KeySet {

    static final KeySet NONE = new KeySet(Map.of());

    private final Map<VerificationKey.Name, VerificationKey> keys;

    private KeySet(Map<VerificationKey.Name, VerificationKey> keys) {
        this.keys = keys;
    }

    /** @throws UnusableKeyException if two keys have one name: which of them was meant would be a guess */
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

    /** The key of this name. */
    Optional<VerificationKey> find(Algorithm algorithm, String id) {
        return Optional.ofNullable(keys.get(new VerificationKey.Name(algorithm, id)));
    }

    /** The key for a token that does not name it: there must be one only. */
    Optional<VerificationKey> findOnly(Algorithm algorithm) {
        var fitting = keys.values().stream()
                .filter(key -> key.name().algorithm() == algorithm)
                .limit(2)
                .toList();
        return fitting.size() == 1 ? Optional.of(fitting.getFirst()) : Optional.empty();
    }

    /** Whether this key still holds. Allocates nothing. */
    boolean contains(VerificationKey key) {
        return key.isSameAs(keys.get(key.name()));
    }

    /** Whether the same keys hold. */
    boolean isSameAs(KeySet other) {
        return keys.size() == other.keys.size() && keys.values().stream().allMatch(other::contains);
    }

    int size() {
        return keys.size();
    }
}
