package io.pulseplane.gate.policy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Writes a policy's input as JSON, in ASCII. Any text stays within its JSON string, even with quotes, control
 * characters or half a surrogate pair.
 */
final class InputJson {

    private static final JsonFactory JSON =
            JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    /** Enough for most inputs. */
    private static final int INITIAL_BYTES = 768;

    private InputJson() {}

    static byte[] of(PolicyInput input) {
        var bytes = new ByteArrayOutputStream(INITIAL_BYTES);
        try (var json = JSON.createGenerator(bytes)) {
            write(input, json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** The body of a request to an OPA server. */
    static byte[] request(PolicyInput input) {
        var bytes = new ByteArrayOutputStream(INITIAL_BYTES);
        try (var json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeFieldName("input");
            write(input, json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(PolicyInput input, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("action", input.action());
        json.writeStringField("rpc", input.rpc());
        json.writeObjectFieldStart("user");
        write(input.user(), json);
        json.writeEndObject();
        json.writeObjectFieldStart("patient");
        json.writeStringField("id", input.patientId());
        json.writeBooleanField("consent", input.patientConsent());
        json.writeEndObject();
        json.writeObjectFieldStart("device");
        json.writeStringField("id", input.deviceId());
        json.writeStringField("status", input.deviceStatus());
        json.writeEndObject();
        json.writeBooleanField("data_stays_local", input.dataStaysLocal());
        json.writeStringField("destination", input.destination());
        json.writeObjectFieldStart("audit");
        json.writeBooleanField("enabled", input.auditEnabled());
        json.writeEndObject();
        json.writeStringField("node", input.node());
        json.writeEndObject();
    }

    private static void write(PolicyInput.User user, JsonGenerator json) throws IOException {
        json.writeStringField("subject", user.subject());
        json.writeStringField("role", user.role());
        json.writeArrayFieldStart("roles");
        for (var role : user.roles()) {
            json.writeString(role);
        }
        json.writeEndArray();
        json.writeStringField("tenant", user.tenant());
        json.writeStringField("device_id", user.deviceId());
        json.writeStringField("patient_id", user.patientId());
    }
}
