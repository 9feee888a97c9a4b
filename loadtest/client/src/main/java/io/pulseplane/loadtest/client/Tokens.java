package io.pulseplane.loadtest.client;

import io.grpc.Metadata;
import io.pulseplane.node.LocalTokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Issues tokens for a plane on this machine with the plane's own key. */
final class Tokens {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** Longer than any soak. */
    private static final Duration TTL = Duration.ofDays(2);

    private final Path dataDir;

    Tokens(Path dataDir) {
        this.dataDir = dataDir;
    }

    String ofRole(String role) {
        return issue("loadtest", role, "");
    }

    String ofDevice(String device) {
        return issue(device, "device", device);
    }

    private String issue(String subject, String role, String device) {
        try {
            return LocalTokens.issue(
                    dataDir,
                    new LocalTokens.Claims(subject, List.of(role), LocalTokens.DEFAULT_TENANT, "", device, TTL));
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    static Metadata headers(String token) {
        var headers = new Metadata();
        headers.put(AUTHORIZATION, "Bearer " + token);
        return headers;
    }

    /** Writes the token files that the configurations of ghz name. */
    void writeForGhz(Path directory) throws IOException {
        Files.createDirectories(directory);
        for (var role : List.of("authorized_medical_staff", "clinical_admin", "auditor")) {
            write(directory.resolve(role + ".json"), ofRole(role));
        }
        write(directory.resolve("device.json"), ofDevice("ghz-monitor"));
    }

    private static void write(Path file, String token) throws IOException {
        Files.writeString(file, "{\"authorization\": \"Bearer " + token + "\"}\n");
    }
}
