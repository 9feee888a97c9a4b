package io.pulseplane.node;

import io.pulseplane.gate.token.Roles;
import io.pulseplane.gate.token.TokenIssuer;
import io.pulseplane.gate.token.TokenRequest;
import io.pulseplane.gate.token.TokenSettings;
import io.pulseplane.gate.token.TokenSettings.Keys;
import io.pulseplane.vitals.EpochMicros;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Tokens of the key that a plane makes for itself, for whoever may read its data directory. No plane has to run. */
public final class LocalTokens {

    /** Out of the box, a plane's tenant. */
    public static final String DEFAULT_TENANT = TokenSettings.DEFAULT_TENANT;

    private static final String KEY_FILE = "token.key";

    private LocalTokens() {}

    /** What a token is to say. Ids are empty where it is to say nothing. */
    public record Claims(
            String subject, List<String> roles, String tenant, String patientId, String deviceId, Duration ttl) {}

    /** The roles that there are. */
    public static List<String> roles() {
        return Roles.ALL;
    }

    /** Whether there is a key here that this process may use. */
    public static boolean canIssue(Path dataDir) {
        return Files.isReadable(dataDir.resolve(KEY_FILE));
    }

    /**
     * A token that a plane takes which keeps its data here.
     *
     * @throws io.pulseplane.vitals.PlaneException.InvalidArgument if no plane would take such a token
     * @throws IOException if the key cannot be used; its message is for a person
     */
    public static String issue(Path dataDir, Claims wanted) throws IOException {
        var request = new TokenRequest(
                wanted.subject(), wanted.roles(), wanted.tenant(), wanted.patientId(), wanted.deviceId(), wanted.ttl());
        return TokenIssuer.open(dataDir, TokenSettings.of(new Keys.Local(dataDir)), EpochMicros::now)
                .issue(request);
    }
}
