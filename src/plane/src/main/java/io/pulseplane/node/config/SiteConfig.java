package io.pulseplane.node.config;

import io.pulseplane.store.crypto.Keyset;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Configuration that the planes over one PostgreSQL share. A plane with an edge store does not use it. */
@ConfigMapping(prefix = "pulseplane.site")
public interface SiteConfig {

    /**
     * The key that encrypts the values in Redis and in the spool, 32 bytes in Base64. It is the same on every plane.
     */
    Optional<String> key();

    /** Other keys that the plane can decrypt with, while the planes change from one key to the next. */
    Optional<List<String>> otherKeys();

    /** A query to any plane finds every reading that was acknowledged longer ago than this, whatever fails. */
    @WithDefault("1s")
    Duration maxStaleness();

    /** Whether the plane caches windows, and reads latest readings from Redis. */
    @WithDefault("true")
    boolean cacheEnabled();

    /** Memory for cached windows; 0 for no cache; see {@link HeapShare} if empty. */
    Optional<MemorySize> windowsMemory();

    /** The bytes that cached windows may take; 0 if nothing is cached. */
    default long windowsBytes() {
        return cacheEnabled() ? HeapShare.WINDOWS.or(windowsMemory()) : 0;
    }

    /** How long a cached window is valid at most. */
    @WithDefault("5m")
    Duration windowsTtl();

    /**
     * The keys of the site.
     *
     * @param user what needs the keys, for the message
     * @throws StartupException if there is no key, or a key is invalid
     */
    default Keyset keys(String user) {
        try {
            return Keyset.parse(
                    key().orElseThrow(() -> new StartupException(user
                            + " needs pulseplane.site.key, 32 bytes in Base64 that all planes of the site share:"
                            + " openssl rand -base64 32")),
                    otherKeys().orElse(List.of()));
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.site.key, .other-keys: " + e.getMessage());
        }
    }
}
