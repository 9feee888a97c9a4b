package io.pulseplane.cli;

import io.pulseplane.client.TokenSource;
import io.pulseplane.node.LocalTokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * The options for the token that a command sends: a token that the user gives, or one that the command makes with the
 * plane's own key in the data directory. Without either the command sends none, and the plane's refusal says that one
 * is required.
 */
final class CredentialOptions {

    private static final Duration LIFETIME = Duration.ofHours(1);

    /**
     * The command makes a new token this long before the old one expires, so that no call starts with an expiring
     * token.
     */
    private static final Duration RENEWAL_MARGIN = Duration.ofMinutes(5);

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            defaultValue = "${env:PULSEPLANE_TOKEN}",
            description = "The token to send. Default: PULSEPLANE_TOKEN in the environment")
    private String token;

    @Option(names = "--token-file", paramLabel = "FILE", description = "A file with the token to send.")
    private Path tokenFile;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "data",
            description = "Where the plane's own key is, which makes a token if none is given. Default: "
                    + "${DEFAULT-VALUE}")
    private Path dataDir;

    @Option(
            names = "--tenant",
            paramLabel = "NAME",
            defaultValue = "${env:PULSEPLANE_TENANT:-" + LocalTokens.DEFAULT_TENANT + "}",
            description = "The plane's tenant, for a token made here. Default: PULSEPLANE_TENANT in the "
                    + "environment, or "
                    + LocalTokens.DEFAULT_TENANT)
    private String tenant = LocalTokens.DEFAULT_TENANT;

    /** The credentials for a plane that this process runs with this data directory. */
    static CredentialOptions local(Path dataDir) {
        var credentials = new CredentialOptions();
        credentials.dataDir = dataDir;
        return credentials;
    }

    /** The token for calls in this role. */
    TokenSource ofRole(String role) {
        return source("local:" + System.getProperty("user.name"), role, "");
    }

    /** The token for the calls of a device. */
    TokenSource ofDevice(String device) {
        return source(device, "device", device);
    }

    /** Whether the user gave a token. It is sent even if there is a certificate or a key. */
    boolean isGiven() {
        return token != null || tokenFile != null;
    }

    private TokenSource source(String subject, String role, String device) {
        if (token != null) {
            return TokenSource.of(token);
        }
        if (tokenFile != null) {
            return readable(TokenSource.file(tokenFile));
        }
        if (!LocalTokens.canIssue(dataDir)) {
            return TokenSource.none();
        }
        var claims = new LocalTokens.Claims(subject, List.of(role), tenant, "", device, LIFETIME);
        return TokenSource.renewing(() -> Optional.of(LocalTokens.issue(dataDir, claims)), LIFETIME, RENEWAL_MARGIN);
    }

    /** A file that cannot be read is reported before the command connects to anything. */
    private static TokenSource readable(TokenSource file) {
        try {
            file.token();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }
}
