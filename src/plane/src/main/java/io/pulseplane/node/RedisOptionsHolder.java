package io.pulseplane.node;

import io.pulseplane.coherence.RedisSettings;
import io.quarkus.redis.client.RedisOptionsCustomizer;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.util.Optional;

/**
 * Keeps the options of Quarkus's Redis extension. The plane connects with these options and not through the extension's
 * pool: it has a connection each for publishing, for subscribing and for commands, and closes a connection that falls
 * silent.
 */
@Singleton
final class RedisOptionsHolder implements RedisOptionsCustomizer {

    private volatile RedisOptions options;

    /** @param client makes Quarkus keep the extension's client, which it would remove if nobody injected it */
    RedisOptionsHolder(Instance<Redis> client) {}

    /** The extension calls this once, at the start, and only if hosts are configured. */
    @Override
    public void customize(String clientName, RedisOptions clientOptions) {
        options = clientOptions;
    }

    Optional<RedisSettings.Server> server() {
        return Optional.ofNullable(options).map(RedisSettings.Server::new);
    }
}
