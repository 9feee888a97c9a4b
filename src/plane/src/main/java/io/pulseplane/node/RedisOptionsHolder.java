package io.pulseplane.node;

import io.pulseplane.coherence.RedisSettings;
import io.quarkus.redis.client.RedisOptionsCustomizer;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.util.Optional;

/**
 * Redis as Quarkus's extension was told of it. The plane connects with these options, and not through the one pool that the
 * extension makes of them: it speaks, listens and asks on a connection each, which it gives up when they fall silent.
 */
@Singleton
final class RedisOptionsHolder implements RedisOptionsCustomizer {

    private volatile RedisOptions options;

    /** @param client has to be asked for by somebody, or the extension leaves it out */
    RedisOptionsHolder(Instance<Redis> client) {}

    /** Called at start, once, and only where there is a host. */
    @Override
    public void customize(String clientName, RedisOptions made) {
        options = made;
    }

    Optional<RedisSettings.Server> server() {
        return Optional.ofNullable(options).map(RedisSettings.Server::new);
    }
}
