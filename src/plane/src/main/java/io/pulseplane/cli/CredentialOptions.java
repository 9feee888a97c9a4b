package io.pulseplane.cli;

import io.pulseplane.client.TokenSource;
import io.pulseplane.node.LocalTokens;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * The token that a command sends: the one it was given or, where the plane's own key is in the data directory, one that it
 * makes for its next calls. Without either it sends none, and the plane says what is missing.
 */
final class CredentialOptions {

    private static final Duration LIFETIME = Duration.ofHours(1);

    /** A new token is made this long before the old one expires, so that no call begins with one that is about to. */
    private static final Duration RENEWAL_MARGIN = Duration.ofMinutes(5);

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:PULSEPLANE_TOKEN}",
            description = "The token to send. Default: PULSEPLANE_TOKEN in the environment")
    private String token;

    @Option(names = "--token-file", paramLabel = "FILE", description = "The same, from a file.")
    private Path tokenFile;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "data",
            description = "Without a token, one is made with the plane's own key if that is here. Default: "
                    + "${DEFAULT-VALUE}")
    private Path dataDir;

    @Option(
            names = "--tenant",
            paramLabel = "NAME",
            defaultValue = "${env:PULSEPLANE_TENANT:-" + LocalTokens.DEFAULT_TENANT + "}",
            description = "The plane's tenant, for such a token. Default: PULSEPLANE_TENANT in the environment, or "
                    + LocalTokens.DEFAULT_TENANT)
    private String tenant = LocalTokens.DEFAULT_TENANT;

    /** Those of a plane that this process runs. */
    static CredentialOptions local(Path dataDir) {
        var credentials = new CredentialOptions();
        credentials.dataDir = dataDir;
        return credentials;
    }

    /** For calls in this role. */
    TokenSource ofRole(String role) {
        return source("local:" + System.getProperty("user.name"), role, "");
    }

    /** For the calls of a device. */
    TokenSource ofDevice(String device) {
        return source(device, "device", device);
    }

    /** Whether the user named a token, which is sent whatever else is at hand. */
    boolean isGiven() {
        return token != null || tokenFile != null;
    }

    private TokenSource source(String subject, String role, String device) {
        if (token != null) {
            return TokenSource.of(token);
        }
        if (tokenFile != null) {
            return TokenSource.file(tokenFile);
        }
        if (!LocalTokens.canIssue(dataDir)) {
            return TokenSource.none();
        }
        var wanted = new LocalTokens.Claims(subject, List.of(role), tenant, "", device, LIFETIME);
        return TokenSource.renewing(() -> Optional.of(LocalTokens.issue(dataDir, wanted)), LIFETIME, RENEWAL_MARGIN);
    }
}
