package io.pulseplane.gate.policy;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The table of {@code src/plane/src/main/rego/cases.json}, which {@code opa test} checks as well. */
final class PolicyCases {

    static final Path REGO = Path.of("src", "main", "rego");

    record Case(String name, byte[] input, boolean allow, List<String> reasons) {
        @Override
        public String toString() {
            return name;
        }
    }

    private PolicyCases() {}

    static Stream<Case> all() {
        try (var reader = Json.createReader(Files.newBufferedReader(REGO.resolve("cases.json")))) {
            var table = reader.readObject().getJsonObject("healthdata");
            var defaults = table.getJsonObject("usual");
            return table.getJsonArray("cases").getValuesAs(JsonObject.class).stream()
                    .map(row -> read(defaults, row));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Case read(JsonObject defaults, JsonObject row) {
        var input = Json.createObjectBuilder(Json.createMergePatch(row.getJsonObject("input"))
                .apply(defaults)
                .asJsonObject());
        if (row.containsKey("without")) {
            row.getJsonArray("without").getValuesAs(JsonString::getString).forEach(input::remove);
        }
        return new Case(
                row.getString("name"),
                input.build().toString().getBytes(StandardCharsets.UTF_8),
                row.getBoolean("allow") && !row.getBoolean("deny", false),
                row.getJsonArray("reasons").getValuesAs(JsonString::getString));
    }
}
