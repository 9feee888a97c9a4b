package io.pulseplane.node.compliance;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** Asks a running plane for its controls. */
final class RunningPlane {

    static final String PATH = "/q/compliance";

    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private RunningPlane() {}

    /** @param address the address of health and metrics, such as {@code http://localhost:8080} */
    static List<Control> controls(URI address) throws InterruptedException {
        try (var client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build()) {
            var request = HttpRequest.newBuilder(address.resolve(PATH))
                    .timeout(TIMEOUT)
                    .build();
            var response = client.send(request, HttpResponse.BodyHandlers.ofString());
            return response.statusCode() == 200
                    ? parse(response.body())
                    : List.of(unreachable(address + " answers with status " + response.statusCode()));
        } catch (IOException | DecodeException | IllegalArgumentException | ClassCastException _) {
            return List.of(unreachable("no plane answers at " + address));
        }
    }

    private static List<Control> parse(String body) {
        return new JsonArray(body)
                .stream()
                        .map(JsonObject.class::cast)
                        .map(object -> new Control(
                                object.getString("id"),
                                object.getString("requirement"),
                                Control.Status.valueOf(object.getString("status")),
                                object.getString("detail")))
                        .toList();
    }

    private static Control unreachable(String detail) {
        return new Control("plane-answers", "45 CFR 164.308(a)(8)", Control.Status.FAIL, detail);
    }
}
