package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Queries a server over real HTTP, which answers, fails or stalls. */
class OpaServerPolicyTest {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(50);

    /** Long enough that a query right after the last failure comes within it. */
    private static final Duration PAUSE = Duration.ofMillis(500);

    private static final int MAX_FAILURES = 3;
    private static final String YES = "{\"result\":{\"allow\":true,\"deny\":false,\"reasons\":[]}}";

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger requestCount = new AtomicInteger();
    private final AtomicReference<String> lastRequest = new AtomicReference<>();
    private final CountDownLatch released = new CountDownLatch(1);
    private volatile Behaviour behaviour = exchange -> answer(exchange, 200, YES);
    private HttpServer server;
    private OpaServerPolicy policy;

    private interface Behaviour {
        void answer(HttpExchange exchange) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            requestCount.incrementAndGet();
            lastRequest.set(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            try (exchange) {
                behaviour.answer(exchange);
            }
        });
        server.start();
        policy = policy(LONG);
    }

    @AfterEach
    void stop() {
        released.countDown();
        policy.close();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void asks_for_the_whole_document() {
        assertThat(decide()).isEqualTo(new PolicyDecision(true, List.of(), policy.digest()));
        assertThat(lastRequest.get())
                .isEqualTo("POST /v1/data/healthcare/healthdata?provenance=true {\"input\":"
                        + new String(InputJson.of(PolicyInputs.byStaff()), StandardCharsets.US_ASCII) + "}");
    }

    @Test
    void refuses_as_the_server_does() {
        behaviour = exchange -> answer(
                exchange, 200, "{\"result\":{\"allow\":false,\"deny\":false,\"reasons\":[\"role\",\"no_consent\"]}}");
        assertThat(decide()).isEqualTo(new PolicyDecision(false, List.of("no_consent", "role"), policy.digest()));
    }

    @Test
    void names_the_policy_that_decided() {
        assertThat(policy.digest()).matches("opa:url-sha256-[0-9a-f]{64}");
        behaviour = exchange -> answer(
                exchange,
                200,
                "{\"provenance\":{\"bundles\":{\"b\":{\"revision\":\"r7\"}}},\"result\":{\"allow\":true}}");
        assertThat(decide().policyDigest()).isEqualTo("opa:r7");
        assertThat(policy.digest()).isEqualTo("opa:r7");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "true",
                "garbage",
                "<html>",
                "{\"result\":true}",
                "{\"result\":{\"allow\":true}",
                "[]",
                "{\"code\":\"internal_error\"}"
            })
    void is_closed_when_the_server_answers_nonsense(String nonsense) {
        behaviour = exchange -> answer(exchange, 200, nonsense);
        assertUnavailable(policy);
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 301, 400, 401, 404, 500, 503})
    void is_closed_when_the_server_answers_with_another_status(int status) {
        behaviour = exchange -> answer(exchange, status, YES);
        assertUnavailable(policy);
    }

    @Test
    void is_closed_when_the_answer_has_no_end() {
        behaviour = exchange -> answer(exchange, 200, YES + " ".repeat(OpaServerPolicy.MAX_ANSWER_BYTES));
        assertUnavailable(policy);
    }

    @Test
    void is_closed_when_the_server_stalls() {
        behaviour = exchange -> stall();
        assertUnavailable(policy(SHORT));
    }

    @Test
    void is_closed_when_the_server_stalls_within_its_answer() {
        behaviour = exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            stall();
        };
        assertUnavailable(policy(SHORT));
    }

    @Test
    void is_closed_when_there_is_no_server() {
        server.stop(0);
        assertUnavailable(policy);
    }

    @Test
    void leaves_a_server_alone_that_fails_and_asks_again_after_a_while() {
        behaviour = exchange -> answer(exchange, 500, "");
        for (var i = 0; i < MAX_FAILURES; i++) {
            assertUnavailable(policy);
        }
        assertThat(requestCount).hasValue(3);
        behaviour = exchange -> answer(exchange, 200, YES);
        assertUnavailable(policy);
        assertThat(requestCount).hasValue(3);

        await().until(this::isPermitted);
        assertThat(decide().isPermitted()).isTrue();
        assertThat(requestCount).hasValue(5);
    }

    @Test
    void leaves_a_server_alone_again_when_the_one_query_after_the_pause_fails() {
        behaviour = exchange -> answer(exchange, 500, "");
        for (var i = 0; i < MAX_FAILURES; i++) {
            assertUnavailable(policy);
        }
        await().until(() -> {
            assertUnavailable(policy);
            return requestCount.get() == 4;
        });
        behaviour = exchange -> answer(exchange, 200, YES);
        assertUnavailable(policy);
        assertThat(requestCount).hasValue(4);
    }

    @Test
    void asks_a_server_that_fails_now_and_then() {
        for (var i = 0; i < 5; i++) {
            behaviour = exchange -> answer(exchange, 500, "");
            assertUnavailable(policy);
            assertUnavailable(policy);
            behaviour = exchange -> answer(exchange, 200, YES);
            assertThat(decide().isPermitted()).isTrue();
        }
    }

    @Test
    void refuses_a_query_when_too_many_are_under_way() {
        behaviour = exchange -> {
            stall();
            answer(exchange, 200, YES);
        };
        var pending = new ArrayList<CompletableFuture<PolicyDecision>>();
        for (var i = 0; i < OpaServerPolicy.MAX_PENDING_DECISIONS; i++) {
            pending.add(policy.decide(PolicyInputs.byStaff()).toCompletableFuture());
        }
        assertThat(policy.decide(PolicyInputs.byStaff()).toCompletableFuture())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(PlaneException.ResourceExhausted.class);
        released.countDown();
        for (var decision : pending) {
            assertThat(decision).succeedsWithin(LONG);
        }
        assertThat(decide().isPermitted()).isTrue();
    }

    @Test
    void a_cached_decision_is_not_asked_for_again() {
        var settings = settings(PolicySettings.Engine.OPA);
        try (var cached = Policies.open(settings)) {
            var decision =
                    cached.decide(PolicyInputs.byStaff()).toCompletableFuture().join();
            assertThat(cached.cached(PolicyInputs.byStaff())).isSameAs(decision);
            assertThat(requestCount).hasValue(1);
        }
    }

    private PolicySettings settings(PolicySettings.Engine engine) {
        var defaults = PolicySettings.defaults();
        return new PolicySettings(
                engine,
                defaults.directory(),
                defaults.checkInterval(),
                defaults.instances(),
                defaults.maxCachedDecisions(),
                url(),
                LONG,
                LONG,
                defaults.serverMaxFailures(),
                defaults.serverRetryDelay());
    }

    private OpaServerPolicy policy(Duration timeout) {
        return new OpaServerPolicy(url(), timeout, MAX_FAILURES, PAUSE);
    }

    private URI url() {
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/");
    }

    private PolicyDecision decide() {
        return policy.decide(PolicyInputs.byStaff()).toCompletableFuture().join();
    }

    private boolean isPermitted() {
        return policy.decide(PolicyInputs.byStaff())
                .toCompletableFuture()
                .handle((decision, failure) -> failure == null && decision.isPermitted())
                .join();
    }

    private static void assertUnavailable(OpaServerPolicy policy) {
        assertThat(policy.decide(PolicyInputs.byStaff()).toCompletableFuture())
                .failsWithin(LONG)
                .withThrowableThat()
                .withCauseInstanceOf(PlaneException.Unavailable.class);
    }

    private void stall() {
        try {
            released.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        var hasBody = status != 204 && bytes.length > 0;
        exchange.sendResponseHeaders(status, hasBody ? bytes.length : -1);
        if (hasBody) {
            exchange.getResponseBody().write(bytes);
        }
    }
}
