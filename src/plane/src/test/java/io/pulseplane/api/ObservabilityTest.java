package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.GetLatestRequest;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Tests health, metrics and reflection, which operators use. */
@QuarkusTest
class ObservabilityTest extends PlaneTest {

    @TestHTTPResource
    URI http;

    @Test
    void is_alive_and_ready() throws Exception {
        assertThat(get("/q/health/live").statusCode()).isEqualTo(200);
        var ready = get("/q/health/ready");
        assertThat(ready.statusCode()).isEqualTo(200);
        assertThat(ready.body()).contains("\"name\": \"store\"").contains("\"name\": \"policy\"");
        var health = HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.newBuilder()
                        .setService("pulseplane.v1.IngestService")
                        .build());
        assertThat(health.getStatus()).isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void metrics_count_calls_and_contain_no_ids() throws Exception {
        var batch =
                batch(columns(HEART_RATE, "/min", times(T0, T0 + 1), 60, 0), columns("9279-1", "/min", times(T0), 12));
        put(batch);
        put(batch);
        query.getLatest(GetLatestRequest.newBuilder().setPatientId(patient).build());
        var metrics = get("/q/metrics").body();
        assertThat(value(metrics, "pulseplane_readings_accepted_total")).isGreaterThanOrEqualTo(2);
        assertThat(value(metrics, "pulseplane_readings_rejected_total{reason=\"implausible\"}"))
                .isGreaterThanOrEqualTo(1);
        assertThat(value(metrics, "pulseplane_readings_duplicate_total")).isGreaterThanOrEqualTo(3);
        assertThat(value(metrics, "pulseplane_batches_total{outcome=\"repeated\"}"))
                .isGreaterThanOrEqualTo(1);
        assertThat(value(metrics, "pulseplane_commit_seconds_count")).isGreaterThanOrEqualTo(1);
        assertThat(value(metrics, "pulseplane_batch_seconds_count")).isGreaterThanOrEqualTo(1);
        assertThat(value(
                        metrics,
                        "pulseplane_calls_seconds_count{rpc=\"pulseplane.v1.QueryService/GetLatest\",status=\"OK\"}"))
                .isGreaterThanOrEqualTo(1);
        assertThat(value(metrics, "pulseplane_store_size_bytes")).isPositive();
        assertThat(value(metrics, "pulseplane_store_budget_bytes"))
                .isGreaterThan(value(metrics, "pulseplane_store_size_bytes"));
        assertThat(metrics)
                .contains("pulseplane_commit_seconds_bucket")
                .contains("pulseplane_calls_seconds_bucket")
                .doesNotContain(patient)
                .doesNotContain(device);
    }

    @Test
    void reflection_lists_the_services() throws Exception {
        var answer = new CompletableFuture<ServerReflectionResponse>();
        var requests = ServerReflectionGrpc.newStub(channel).serverReflectionInfo(new StreamObserver<>() {
            @Override
            public void onNext(ServerReflectionResponse response) {
                answer.complete(response);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                // The response has arrived before.
            }
        });
        requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        assertThat(answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList())
                .extracting(ServiceResponse::getName)
                .contains(
                        "pulseplane.v1.IngestService",
                        "pulseplane.v1.QueryService",
                        "pulseplane.v1.RegistryService",
                        "grpc.health.v1.Health");
        requests.onCompleted();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(http.resolve(path)).build(), BodyHandlers.ofString());
        }
    }

    private static double value(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no metric " + name));
    }
}
