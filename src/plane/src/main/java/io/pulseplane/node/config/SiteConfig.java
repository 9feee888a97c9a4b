package io.pulseplane.node.config;

import io.pulseplane.store.crypto.Keyset;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the planes over one PostgreSQL have in common. Of no use to a plane that has its store to itself. */
@ConfigMapping(prefix = "pulseplane.site")
public interface SiteConfig {

    /** 32 bytes in Base64, the same on every plane: seals what is in Redis and in the spool. */
    Optional<String> key();

    /** Keys that may be read besides, while the planes change from one to the next. */
    Optional<List<String>> otherKeys();

    /** What was acknowledged longer ago than this is known on every plane, whatever fails. */
    @WithDefault("1s")
    Duration maxStaleness();

    /** What windows that are remembered may take in memory; 0 for none. */
    @WithDefault("64M")
    MemorySize windowsMemory();

    /** After how long they are read again, whatever was heard of them. */
    @WithDefault("5m")
    Duration windowsTtl();

    /** The keys; a plane that needs them does not start without. @param what needs them */
    default Keyset keys(String what) {
        try {
            return Keyset.parse(
                    key().orElseThrow(() -> new StartupException(what
                            + " needs pulseplane.site.key, 32 bytes in Base64 that all planes of the site share:"
                            + " openssl rand -base64 32")),
                    otherKeys().orElse(List.of()));
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.site.key, .other-keys: " + e.getMessage());
        }
    }
}
