package io.pulseplane.gate.token;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/** Where the keys come from. Nothing here waits; what takes time goes on elsewhere. Thread-safe. */
interface KeySource extends AutoCloseable {

    /**
     * The keys to go by now, or null if they were not looked after for too long to go on without a look. Begins that look
     * if it is due soon. Allocates nothing.
     */
    KeySet current(long nowUs);

    /**
     * The keys to go by, after a look if one is due; fails with {@link io.pulseplane.vitals.PlaneException.Unavailable} if there
     * are none to go by.
     */
    CompletionStage<KeySet> refreshIfDue();

    /**
     * Newer keys than these, because a token has a key that is not in them. The same where there are none, and also where
     * somebody else made the plane look a moment ago: strangers choose what is in a token, and must not choose how often
     * an identity provider is asked.
     */
    CompletionStage<KeySet> refreshBeyond(KeySet known);

    @Override
    void close();

    /** @param trust whose certificates to believe when keys are fetched; asked when they are first fetched */
    static KeySource of(TokenSettings settings, Supplier<SSLContext> trust, LongSupplier clock) {
        var refresh = settings.refresh();
        var interval = refresh.fileInterval();
        return switch (settings.keys()) {
            // Whoever opened this key to others or broke it wants no token of it to be taken, not for a day either.
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
