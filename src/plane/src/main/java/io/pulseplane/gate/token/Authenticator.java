package io.pulseplane.gate.token;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * Finds the identity of a bearer token. It verifies a signature once, on threads of its own. From then on
 * {@link #cached} has the token until it expires or its key is withdrawn. Calls with the same token at the same time
 * share one verification.
 *
 * <p>A refused token costs a signature check each time, and at most {@value #MAX_PENDING_VERIFICATIONS} wait for one.
 * If several keys may have signed a token, all of them are tried, at most {@value KeySet#MAX_CANDIDATES}; if none did,
 * the same token is not tried with the same keys again. Thread-safe.
 */
public final class Authenticator implements AutoCloseable {

    /** How many tokens may wait for a check. Beyond that, a call ends with RESOURCE_EXHAUSTED. */
    static final int MAX_PENDING_VERIFICATIONS = 4_096;

    /** How many tokens are known to be signed by none of several keys. An entry takes some 200 bytes. */
    static final int MAX_UNSIGNED_TOKENS = 10_000;

    private static final Duration RETRY_WHEN_BUSY = Duration.ofMillis(100);
    private static final int IDLE_SECONDS = 10;

    private static final long SWEEP_INTERVAL_US = TimeUnit.MINUTES.toMicros(1);

    /** What a cached token takes in memory beside its bytes: the identity and the entry. */
    private static final int ENTRY_BYTES = 600;

    /** A token whose signature was valid. */
    private static final class VerifiedToken {

        private final Identity identity;
        private final long validUntilUs;
        private final VerificationKey key;

        /** The key set that had this key last. Several threads may write it; each value they write is right. */
        private KeySet lastKeySet;

        VerifiedToken(Identity identity, long validUntilUs, VerificationKey key, KeySet keySet) {
            this.identity = identity;
            this.validUntilUs = validUntilUs;
            this.key = key;
            this.lastKeySet = keySet;
        }

        /** Keys seldom change, so this is mostly one comparison. */
        boolean isValid(KeySet keys, long nowUs) {
            if (nowUs >= validUntilUs) {
                return false;
            }
            if (lastKeySet == keys) {
                return true;
            }
            if (!keys.contains(key)) {
                return false;
            }
            lastKeySet = keys;
            return true;
        }
    }

    private final TokenSettings settings;
    private final KeySource keys;
    private final ClaimsReader claims;
    private final LongSupplier clock;
    private final Cache<BearerToken, VerifiedToken> verifiedTokens;

    /** By the digest of a token, the keys that were tried. */
    private final Cache<String, KeySet> unsignedTokens = Caffeine.newBuilder()
            .maximumSize(MAX_UNSIGNED_TOKENS)
            .executor(Runnable::run)
            .build();

    private final ConcurrentMap<BearerToken, CompletableFuture<Identity>> pendingVerifications =
            new ConcurrentHashMap<>();
    private final AtomicLong nextSweepUs = new AtomicLong();
    private final ThreadPoolExecutor verifiers;

    /**
     * Opens an authenticator. It reads and fetches no keys yet, but it makes the local key if there is none, and it
     * fails if an operator has to repair something first.
     *
     * @param trust the certificates to trust when keys are fetched
     * @param clock microseconds since the epoch
     */
    public static Authenticator open(TokenSettings settings, Supplier<SSLContext> trust, LongSupplier clock)
            throws UnusableKeyException {
        switch (settings.keys()) {
            case TokenSettings.Keys.Local(var dataDir) -> LocalKey.prepare(dataDir);
            case TokenSettings.Keys.JwksFile(var file) -> JwksFile.prepare(file);
            case TokenSettings.Keys.JwksUrl _ -> {}
        }
        return new Authenticator(settings, KeySource.of(settings, trust, clock), clock);
    }

    Authenticator(TokenSettings settings, KeySource keys, LongSupplier clock) {
        this.settings = settings;
        this.keys = keys;
        this.claims = new ClaimsReader(settings);
        this.clock = clock;
        this.verifiedTokens = cache(settings.cache());
        int threads = Runtime.getRuntime().availableProcessors();
        this.verifiers = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_PENDING_VERIFICATIONS),
                Thread.ofPlatform().name("pulseplane-tokens-", 0).daemon().factory());
        verifiers.allowCoreThreadTimeOut(true);
    }

    /**
     * Caffeine has one bound, but there are two here. So a token weighs its bytes, and at least the maximum of bytes
     * divided by the maximum of tokens. Caffeine's expiry is not used: it would cost more than the rest of the look-up.
     */
    private static Cache<BearerToken, VerifiedToken> cache(TokenSettings.CacheBounds bounds) {
        int share = (int) Math.min(Integer.MAX_VALUE, bounds.maxBytes() / bounds.maxTokens());
        return Caffeine.newBuilder()
                .maximumWeight(bounds.maxBytes())
                .<BearerToken, VerifiedToken>weigher((token, _) -> Math.max(share, token.length() + ENTRY_BYTES))
                // Maintenance runs on the calling thread; a pool would have to be started for it.
                .executor(Runnable::run)
                .build();
    }

    /**
     * Returns the identity if the token was verified before, and null otherwise. Every call passes here, so this never
     * waits and allocates nothing.
     */
    public Identity cached(BearerToken token) {
        long now = clock.getAsLong();
        var current = keys.current(now);
        return current == null ? null : cached(token, current, now);
    }

    private Identity cached(BearerToken token, KeySet current, long now) {
        var entry = verifiedTokens.getIfPresent(token);
        return entry != null && entry.isValid(current, now) ? entry.identity : null;
    }

    /**
     * Verifies the token. The stage fails with {@link PlaneException.Unauthenticated} if the token is not valid, with
     * {@link PlaneException.Unavailable} if there are no keys, and with {@link PlaneException.ResourceExhausted} if too
     * many tokens wait. This never waits. Dependent stages run on a thread of the authenticator or at once, so they
     * should hand over to another executor.
     */
    public CompletionStage<Identity> verify(BearerToken token) {
        if (!token.isBearer()) {
            return failed(
                    new PlaneException.Unauthenticated("the authorization must be 'Bearer', one space and a token"));
        }
        if (token.length() > settings.maxTokenBytes()) {
            return failed(new PlaneException.Unauthenticated(
                    "the token is longer than " + settings.maxTokenBytes() + " bytes"));
        }
        var mine = new CompletableFuture<Identity>();
        var other = pendingVerifications.putIfAbsent(token, mine);
        if (other != null) {
            return other.minimalCompletionStage();
        }
        begin(token).whenComplete((identity, failure) -> {
            pendingVerifications.remove(token, mine);
            if (failure == null) {
                mine.complete(identity);
            } else {
                mine.completeExceptionally(explain(failure));
            }
        });
        return mine.minimalCompletionStage();
    }

    private CompletionStage<Identity> begin(BearerToken token) {
        if (pendingVerifications.size() > MAX_PENDING_VERIFICATIONS) {
            return failed(new RejectedExecutionException());
        }
        return keys.refreshIfDue().thenComposeAsync(current -> verify(token, current), verifiers);
    }

    private CompletionStage<Identity> verify(BearerToken token, KeySet current) {
        var identity = cached(token, current, clock.getAsLong());
        if (identity != null) {
            return CompletableFuture.completedFuture(identity);
        }
        var jws = CompactJws.parse(token.text());
        var key = signer(token, jws, current);
        if (key != null) {
            return CompletableFuture.completedFuture(accept(token, jws, key, current));
        }
        if (jws.keyId().filter(id -> current.hasKey(jws.algorithm(), id)).isPresent()) {
            throw notSigned();
        }
        return keys.refreshBeyond(current).thenApplyAsync(newer -> verifyNewer(token, jws, newer), verifiers);
    }

    private Identity verifyNewer(BearerToken token, CompactJws jws, KeySet newer) {
        var key = signer(token, jws, newer);
        if (key == null) {
            throw newer.candidates(jws.algorithm(), jws.keyId()).isEmpty()
                    ? new PlaneException.Unauthenticated("the token's key is not known")
                    : notSigned();
        }
        return accept(token, jws, key, newer);
    }

    private static PlaneException.Unauthenticated notSigned() {
        return new PlaneException.Unauthenticated("the token's signature is not valid");
    }

    /** Returns the key that signed this token, or null if none of the set did. */
    private VerificationKey signer(BearerToken token, CompactJws jws, KeySet keySet) {
        var candidates = keySet.candidates(jws.algorithm(), jws.keyId());
        var digest = candidates.size() > 1 ? token.digest() : "";
        if (!digest.isEmpty() && unsignedTokens.getIfPresent(digest) == keySet) {
            return null;
        }
        for (var key : candidates) {
            if (key.name().algorithm().verifies(key.key(), jws.signingInput(), jws.signature())) {
                return key;
            }
        }
        if (!digest.isEmpty()) {
            unsignedTokens.put(digest, keySet);
        }
        return null;
    }

    private Identity accept(BearerToken token, CompactJws jws, VerificationKey key, KeySet keySet) {
        var identity = claims.read(jws.claims(), key, clock.getAsLong());
        verifiedTokens.put(token, new VerifiedToken(identity, claims.validUntilUs(identity), key, keySet));
        sweep(keySet, clock.getAsLong());
        return identity;
    }

    /** Removes tokens that are not valid any more. Runs when a token is added, but at most once a minute. */
    private void sweep(KeySet current, long now) {
        long next = nextSweepUs.get();
        if (now >= next && nextSweepUs.compareAndSet(next, now + SWEEP_INTERVAL_US)) {
            verifiedTokens.asMap().values().removeIf(entry -> !entry.isValid(current, now));
        }
    }

    private static <T> CompletionStage<T> failed(RuntimeException failure) {
        return CompletableFuture.failedFuture(failure);
    }

    private Throwable explain(Throwable failure) {
        var cause = PlaneException.unwrap(failure);
        if (!(cause instanceof RejectedExecutionException)) {
            return cause;
        }
        return verifiers.isShutdown()
                ? new PlaneException.Unavailable("the plane is stopping", null)
                : new PlaneException.ResourceExhausted("too many tokens wait to be checked", RETRY_WHEN_BUSY);
    }

    /** The number of cached tokens, which may include expired ones. */
    long verifiedTokens() {
        return verifiedTokens.estimatedSize();
    }

    /** The number of tokens that are known to be signed by none of several keys. */
    long unsignedTokens() {
        return unsignedTokens.estimatedSize();
    }

    @Override
    public void close() {
        verifiers.shutdown();
        keys.close();
    }
}
