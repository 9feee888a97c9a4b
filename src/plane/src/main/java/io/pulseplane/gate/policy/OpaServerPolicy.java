package io.pulseplane.gate.policy;

import io.pulseplane.vitals.PlaneException;
import io.smallrye.faulttolerance.api.CircuitBreakerState;
import io.smallrye.faulttolerance.api.TypedGuard;
import jakarta.enterprise.util.TypeLiteral;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A policy that an OPA server decides. The plane queries the whole document {@code healthcare.healthdata} over REST.
 *
 * <p>It is closed by default: if the server is late, fails, or does not answer with a decision, nothing is permitted.
 * After several failures in a row a circuit breaker opens. Decisions then fail at once, until the pause is over and one
 * query has succeeded.
 */
public final class OpaServerPolicy implements Policy {

    /** Queries under way. One more is refused, not queued. */
    static final int MAX_PENDING_DECISIONS = 64;

    /** About a hundred times what a decision and its provenance take. */
    static final int MAX_ANSWER_BYTES = 64 * 1024;

    private static final System.Logger LOG = System.getLogger(OpaServerPolicy.class.getName());

    private static final String DOCUMENT_PATH = "/v1/data/healthcare/healthdata?provenance=true";
    private static final Duration RETRY_AFTER = Duration.ofMillis(50);
    private static final int OK = 200;

    private static final TypeLiteral<CompletionStage<PolicyDocument>> ANSWER_TYPE = new TypeLiteral<>() {
        private static final long serialVersionUID = 1L;
    };

    private final HttpRequest.Builder request;
    private final Duration timeout;
    private final TypedGuard<CompletionStage<PolicyDocument>> guard;

    /** Not the guard's bulkhead: that one wants a queue, and the circuit breaker would see what it rejects. */
    private final Semaphore pendingDecisions = new Semaphore(MAX_PENDING_DECISIONS);

    private final String serverDigest;
    private final HttpClient client;

    private volatile String digest;

    /** For the log: the breaker does not say why it opens. */
    private volatile Throwable lastFailure;

    /**
     * @param maxFailures the number of failures in a row that opens the circuit breaker
     * @param retryDelay how long it stays open before one query is tried
     */
    OpaServerPolicy(URI server, Duration timeout, int maxFailures, Duration retryDelay) {
        this.timeout = timeout;
        guard = TypedGuard.create(ANSWER_TYPE)
                .withDescription("policy server")
                .withCircuitBreaker()
                .requestVolumeThreshold(maxFailures)
                .failureRatio(1)
                .successThreshold(1)
                .delay(retryDelay.toMillis(), ChronoUnit.MILLIS)
                .onStateChange(this::logIfOpen)
                .done()
                .build();
        serverDigest = "opa:url-sha256-" + sha256(server.toString());
        digest = serverDigest;
        request = HttpRequest.newBuilder(URI.create(server.toString().replaceFirst("/+$", "") + DOCUMENT_PATH))
                .header("Content-Type", "application/json")
                .timeout(timeout);
        client = HttpClient.newBuilder()
                // Without TLS, OPA does not speak HTTP/2, and finding that out costs a round trip.
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .build();
    }

    @Override
    public CompletionStage<PolicyDecision> decide(PolicyInput input) {
        if (!pendingDecisions.tryAcquire()) {
            return CompletableFuture.failedFuture(
                    new PlaneException.ResourceExhausted("Too many decisions are under way", RETRY_AFTER));
        }
        var body = InputJson.request(input);
        return guard.get(() -> query(body)).handle((answer, failure) -> {
            pendingDecisions.release();
            if (failure != null) {
                throw new PlaneException.Unavailable("The policy server gives no decision at the moment", failure);
            }
            digest = answer.revision() == null ? serverDigest : "opa:" + answer.revision();
            return new PolicyDecision(answer.isPermitted(), answer.reasons(), digest);
        });
    }

    /** The timeout of the HTTP request ends with the head of the response, so the whole exchange has one as well. */
    private CompletableFuture<PolicyDocument> query(byte[] body) {
        try {
            var response = client.sendAsync(
                    request.copy().POST(BodyPublishers.ofByteArray(body)).build(),
                    BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER_BYTES));
            var exchange = response.copy().orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return exchange.whenComplete((_, _) -> response.cancel(true))
                    .thenApply(OpaServerPolicy::parse)
                    .whenComplete((_, failure) -> lastFailure = failure == null ? lastFailure : failure);
        } catch (RuntimeException e) {
            lastFailure = e;
            return CompletableFuture.failedFuture(e);
        }
    }

    private static PolicyDocument parse(HttpResponse<byte[]> response) {
        if (response.statusCode() != OK) {
            throw new IllegalStateException("it answers with status " + response.statusCode());
        }
        try {
            return PolicyDocument.parseServerAnswer(response.body());
        } catch (IOException e) {
            throw new IllegalStateException("it answers without a decision", e);
        }
    }

    private void logIfOpen(CircuitBreakerState state) {
        if (state == CircuitBreakerState.OPEN) {
            LOG.log(
                    Level.WARNING,
                    "The policy server failed several times in a row and gets no queries for a while: {0}",
                    String.valueOf(PlaneException.unwrap(lastFailure)));
        }
    }

    /** The revision of the policy in the server's last answer. Without one, a digest of the server's URL. */
    @Override
    public String digest() {
        return digest;
    }

    /** The server may change its policy at any time. Only its cache gives a decision a longer validity. */
    @Override
    public Optional<Duration> validity() {
        return Optional.of(Duration.ZERO);
    }

    @Override
    public void close() {
        client.shutdown();
    }

    private static String sha256(String text) {
        try {
            var sha256 = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(sha256);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
