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
 * Says whose a bearer token is. A signature is verified once, on threads for that; from then on {@link #cached} knows the
 * token, until it expires or its key goes. Callers of one token at the same time share one verification.
 *
 * <p>Tokens that are refused are not remembered: they cost whoever sends them a signature check of this plane's, for which
 * at most {@value #MAX_PENDING_VERIFICATIONS} wait. Thread-safe.
 */
public final class Authenticator implements AutoCloseable {

    /** Tokens that wait to be checked; beyond, callers are told to come again. */
    static final int MAX_PENDING_VERIFICATIONS = 4_096;

    private static final Duration RETRY_WHEN_BUSY = Duration.ofMillis(100);
    private static final int IDLE_SECONDS = 10;

    private static final long SWEEP_INTERVAL_US = TimeUnit.MINUTES.toMicros(1);

    /** What remembering takes beyond the token's bytes: the identity, whose texts came out of it, and the entry. */
    private static final int ENTRY_BYTES = 600;

    /** What is known of a token. */
    private static final class VerifiedToken {

        private final Identity identity;
        private final long validUntilUs;
        private final VerificationKey key;

        /** The keys that this one was last found in. Racing threads write what is right, each by itself. */
        private KeySet lastKeySet;

        VerifiedToken(Identity identity, long honouredUntilUs, VerificationKey key, KeySet foundIn) {
            this.identity = identity;
            this.validUntilUs = honouredUntilUs;
            this.key = key;
            this.lastKeySet = foundIn;
        }

        /** Keys seldom change: mostly this is one comparison. */
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
    private final ConcurrentMap<BearerToken, CompletableFuture<Identity>> pendingVerifications =
            new ConcurrentHashMap<>();
    private final AtomicLong nextSweepUs = new AtomicLong();
    private final ThreadPoolExecutor verifiers;

    /**
     * Nothing is read or fetched yet, but what an operator has to mend before there can be tokens is found out: a local key
     * is made if there is none.
     *
     * @param trust whose certificates to believe when keys are fetched
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
     * Caffeine has one bound: a token weighs its bytes, but at least what its share would be if there were as many as
     * there may be, so that both bounds are kept. Its expiry would cost every call more than all the rest of the look-up.
     */
    private static Cache<BearerToken, VerifiedToken> cache(TokenSettings.CacheBounds bounds) {
        int share = (int) Math.min(Integer.MAX_VALUE, bounds.maxBytes() / bounds.maxTokens());
        return Caffeine.newBuilder()
                .maximumWeight(bounds.maxBytes())
                .<BearerToken, VerifiedToken>weigher((token, _) -> Math.max(share, token.length() + ENTRY_BYTES))
                // Maintenance runs where the work is; a pool would have to be started for it.
                .executor(Runnable::run)
                .build();
    }

    /**
     * Whose this token is, if it was verified before; null if {@link #verify} has to say. On every call's way: never waits
     * and allocates nothing.
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
     * Whose this token is. Fails with {@link PlaneException.Unauthenticated} if it is nobody's, with {@link PlaneException.Unavailable}
     * if there are no keys to tell, with {@link PlaneException.ResourceExhausted} if too many want to know. Never waits; what depends on
     * the answer runs on a thread of the gate, or at once, and should go on elsewhere.
     */
    public CompletionStage<Identity> verify(BearerToken token) {
        if (!token.isBearer()) {
            return failed(
                    new PlaneException.Unauthenticated("the authorization is not 'Bearer', one space and a token"));
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
                mine.completeExceptionally(problem(failure));
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
        var read = CompactJws.parse(token.text());
        var key = find(read, current);
        if (key != null) {
            return CompletableFuture.completedFuture(verify(token, read, key, current));
        }
        return keys.refreshBeyond(current).thenApplyAsync(newer -> verifyNewer(token, read, newer), verifiers);
    }

    private Identity verifyNewer(BearerToken token, CompactJws read, KeySet newer) {
        var key = find(read, newer);
        if (key == null) {
            throw new PlaneException.Unauthenticated("the token's key is not known");
        }
        return verify(token, read, key, newer);
    }

    /** Null if it is not among these. */
    private static VerificationKey find(CompactJws token, KeySet keys) {
        return token.keyId()
                .map(id -> keys.find(token.algorithm(), id))
                .orElseGet(() -> keys.findOnly(token.algorithm()))
                .orElse(null);
    }

    private Identity verify(BearerToken token, CompactJws read, VerificationKey key, KeySet foundIn) {
        if (!key.name().algorithm().verifies(key.key(), read.signingInput(), read.signature())) {
            throw new PlaneException.Unauthenticated("the token's signature is not valid");
        }
        var identity = claims.read(read.claims(), key, clock.getAsLong());
        verifiedTokens.put(token, new VerifiedToken(identity, claims.validUntilUs(identity), key, foundIn));
        sweep(foundIn, clock.getAsLong());
        return identity;
    }

    /** Lets go of tokens that will not be taken any more. New ones come in here, so old ones go out here. */
    private void sweep(KeySet current, long now) {
        long next = nextSweepUs.get();
        if (now >= next && nextSweepUs.compareAndSet(next, now + SWEEP_INTERVAL_US)) {
            verifiedTokens.asMap().values().removeIf(entry -> !entry.isValid(current, now));
        }
    }

    private static <T> CompletionStage<T> failed(RuntimeException failure) {
        return CompletableFuture.failedFuture(failure);
    }

    private Throwable problem(Throwable failure) {
        var cause = PlaneException.unwrap(failure);
        if (!(cause instanceof RejectedExecutionException)) {
            return cause;
        }
        return verifiers.isShutdown()
                ? new PlaneException.Unavailable("the plane is stopping", null)
                : new PlaneException.ResourceExhausted("too many tokens wait to be checked", RETRY_WHEN_BUSY);
    }

    /** How many tokens are remembered, expired ones perhaps among them. */
    long verifiedTokens() {
        return verifiedTokens.estimatedSize();
    }

    @Override
    public void close() {
        verifiers.shutdown();
        keys.close();
    }
}
