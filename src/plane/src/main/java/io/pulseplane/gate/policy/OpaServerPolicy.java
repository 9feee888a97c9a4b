package io.pulseplane.gate.policy;

import io.pulseplane.vitals.PlaneException;
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
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A policy that an OPA server decides, asked over REST for the whole document {@code healthcare.healthdata}. Closed where
 * the server is late, fails, or answers what is no decision: nobody is permitted anything that it did not plainly permit.
 * After failures in a row it is left alone for a while, and callers are told at once.
 */
public final class OpaServerPolicy implements Policy {

    /** Questions under way; one more is refused rather than queued. */
    static final int MAX_PENDING_DECISIONS = 64;

    /** A decision and its provenance take a hundredth of this. */
    static final int MAX_ANSWER_BYTES = 64 * 1024;

    private static final System.Logger LOG = System.getLogger(OpaServerPolicy.class.getName());

    private static final String DOCUMENT_PATH = "/v1/data/healthcare/healthdata?provenance=true";
    private static final Duration RETRY_AFTER = Duration.ofMillis(50);
    private static final int OK = 200;

    private final HttpRequest.Builder request;
    private final Duration timeout;
    private final CircuitBreaker breaker;
    private final Semaphore pendingDecisions = new Semaphore(MAX_PENDING_DECISIONS);
    private final String serverDigest;
    private final HttpClient client;

    private volatile String digest;

    OpaServerPolicy(URI server, Duration timeout, CircuitBreaker breaker) {
        this.timeout = timeout;
        this.breaker = breaker;
        serverDigest = "opa:url-sha256-" + sha256(server.toString());
        digest = serverDigest;
        request = HttpRequest.newBuilder(URI.create(server.toString().replaceFirst("/+$", "") + DOCUMENT_PATH))
                .header("Content-Type", "application/json")
                .timeout(timeout);
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1) // OPA speaks HTTP/2 over TLS only, and asking costs a round trip
                .connectTimeout(timeout)
                .build();
    }

    @Override
    public CompletionStage<PolicyDecision> decide(PolicyInput input) {
        if (!pendingDecisions.tryAcquire()) {
            return CompletableFuture.failedFuture(
                    new PlaneException.ResourceExhausted("Too many decisions are under way", RETRY_AFTER));
        }
        if (!breaker.tryEnter()) {
            pendingDecisions.release();
            return CompletableFuture.failedFuture(unavailable(null));
        }
        return ask(InputJson.request(input)).handle((answer, failure) -> {
            pendingDecisions.release();
            if (failure != null) {
                onFailure(failure);
                throw unavailable(failure);
            }
            breaker.succeeded();
            digest = answer.revision() == null ? serverDigest : "opa:" + answer.revision();
            return new PolicyDecision(answer.isPermitted(), answer.reasons(), digest);
        });
    }

    /** The request's own timeout ends with the head of the response, so the whole has one as well. */
    private CompletableFuture<PolicyDocument> ask(byte[] body) {
        try {
            var response = client.sendAsync(
                    request.copy().POST(BodyPublishers.ofByteArray(body)).build(),
                    BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_ANSWER_BYTES));
            var whole = response.copy().orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return whole.whenComplete((answer, failure) -> response.cancel(true))
                    .thenApply(OpaServerPolicy::read);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static PolicyDocument read(HttpResponse<byte[]> response) {
        if (response.statusCode() != OK) {
            throw new IllegalStateException("it answers with status " + response.statusCode());
        }
        try {
            return PolicyDocument.parseServerAnswer(response.body());
        } catch (IOException e) {
            throw new IllegalStateException("it answers with no decision", e);
        }
    }

    private void onFailure(Throwable failure) {
        if (breaker.failed()) {
            LOG.log(
                    Level.WARNING,
                    "The policy server is left alone for a while: {0}",
                    PlaneException.unwrap(failure).toString());
        }
    }

    private static PlaneException.Unavailable unavailable(Throwable cause) {
        return new PlaneException.Unavailable("The policy cannot be asked at the moment", cause);
    }

    /** What the server said of its policy in its last answer; before that, and where it says nothing, which server it is. */
    @Override
    public String digest() {
        return digest;
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
            throw new IllegalStateException(e); // every Java has it
        }
    }
}
