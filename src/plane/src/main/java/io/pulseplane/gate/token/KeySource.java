package io.pulseplane.gate.token;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/** Gives the keys that tokens are checked with. No method waits; loads run on other threads. Thread-safe. */
interface KeySource extends AutoCloseable {

    /**
     * Returns the current keys, or null if they are too old to be used without a new load. Begins a load if one is due.
     * Allocates nothing unless it begins a load.
     */
    KeySet current(long nowUs);

    /**
     * Returns the current keys, after a load if one is due. Fails with
     * {@link io.pulseplane.vitals.PlaneException.Unavailable} if there are no usable keys.
     */
    CompletionStage<KeySet> refreshIfDue();

    /**
     * Returns newer keys than these, for a token whose key is not among them. Returns the same keys if there are no
     * newer ones, or if the plane loaded keys for another such token a moment ago: anybody can make a token with an
     * unknown key, and must not decide how often the plane calls an identity provider.
     */
    CompletionStage<KeySet> refreshBeyond(KeySet current);

    @Override
    void close();

    /** @param trust the certificates to trust when keys are fetched; called before the first fetch */
    static KeySource of(TokenSettings settings, Supplier<SSLContext> trust, LongSupplier clock) {
        var refresh = settings.refresh();
        var interval = refresh.fileInterval();
        return switch (settings.keys()) {
            // If this key is readable for others or broken, its tokens are void at once, so it may not be stale.
            case TokenSettings.Keys.Local(var dataDir) ->
                new RefreshingKeys(
                        dataDir.resolve(LocalKey.FILE).toString(),
                        KeyLoader.ofFile(() -> LocalKey.keySetIn(dataDir), interval),
                        new RefreshingKeys.Timing(interval, interval, Duration.ZERO, Duration.ZERO),
                        clock);
            case TokenSettings.Keys.JwksFile(var file) ->
                new RefreshingKeys(
                        file.toString(),
                        KeyLoader.ofFile(new JwksFile(file), interval),
                        new RefreshingKeys.Timing(interval, interval, Duration.ZERO, refresh.maxStale()),
                        clock);
            case TokenSettings.Keys.JwksUrl(var url, var _) ->
                new RefreshingKeys(
                        url.toString(),
                        new JwksUrl(url, refresh, trust),
                        new RefreshingKeys.Timing(
                                refresh.unknownKeyInterval(),
                                refresh.retryInterval(),
                                refresh.timeout(),
                                refresh.maxStale()),
                        clock);
        };
    }
}
