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

/**
 * Issues tokens with the key that a plane makes for itself. Whoever may read the data directory may issue tokens; the
 * plane may be running or not.
 */
public final class LocalTokens {

    /** A plane's tenant where none is configured. */
    public static final String DEFAULT_TENANT = TokenSettings.DEFAULT_TENANT;

    private static final String KEY_FILE = "token.key";

    private LocalTokens() {}

    /**
     * The claims of a token. An empty id is left out.
     *
     * @param rpc the only rpc that accepts the token: {@code pulseplane.v1.QueryService/GetLatest}; empty for all
     * @param writesFor the patients that the device may write for, on a plane that asks for that
     */
    public record Claims(
            String subject,
            List<String> roles,
            String tenant,
            String patientId,
            String deviceId,
            Duration ttl,
            String rpc,
            List<String> writesFor) {

        /** For all rpcs, and for no patients in particular. */
        public Claims(
                String subject, List<String> roles, String tenant, String patientId, String deviceId, Duration ttl) {
            this(subject, roles, tenant, patientId, deviceId, ttl, "", List.of());
        }

        /** The same claims for one rpc; empty for all. */
        public Claims onlyFor(String rpc) {
            return new Claims(subject, roles, tenant, patientId, deviceId, ttl, rpc, writesFor);
        }
    }

    /** All roles. */
    public static List<String> roles() {
        return Roles.ALL;
    }

    /** Whether the data directory has a key that this process may read. */
    public static boolean canIssue(Path dataDir) {
        return Files.isReadable(dataDir.resolve(KEY_FILE));
    }

    /**
     * Issues a token for the plane with this data directory.
     *
     * @throws io.pulseplane.vitals.PlaneException.InvalidArgument if no plane would accept such a token
     * @throws IOException if the key cannot be used; its message is for a person
     */
    public static String issue(Path dataDir, Claims claims) throws IOException {
        var request = new TokenRequest(
                claims.subject(),
                claims.roles(),
                claims.tenant(),
                claims.patientId(),
                claims.deviceId(),
                claims.ttl(),
                claims.rpc(),
                claims.writesFor());
        return TokenIssuer.open(dataDir, TokenSettings.of(new Keys.Local(dataDir)), EpochMicros::now)
                .issue(request);
    }
}
