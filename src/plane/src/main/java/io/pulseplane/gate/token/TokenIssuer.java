package io.pulseplane.gate.token;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jose4j.json.JsonUtil;

/** Makes tokens with the local key, for a plane with the same settings. */
public final class TokenIssuer {

    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private final LocalKey key;
    private final TokenSettings settings;
    private final LongSupplier clock;

    private TokenIssuer(LocalKey key, TokenSettings settings, LongSupplier clock) {
        this.key = key;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Opens an issuer with the key in this directory, and makes the key if there is none.
     *
     * @param clock microseconds since the epoch
     */
    public static TokenIssuer open(Path dataDir, TokenSettings settings, LongSupplier clock)
            throws UnusableKeyException {
        return new TokenIssuer(LocalKey.openOrCreate(dataDir), settings, clock);
    }

    public String issue(TokenRequest request) {
        var header = new LinkedHashMap<String, Object>();
        header.put("alg", key.algorithm().joseName());
        header.put("typ", "JWT");
        header.put("kid", key.id());
        var signingInput = base64(header) + "." + base64(claims(request));
        return signingInput + "." + BASE64.encodeToString(key.sign(signingInput.getBytes(StandardCharsets.US_ASCII)));
    }

    private Map<String, Object> claims(TokenRequest request) {
        long now = TimeUnit.MICROSECONDS.toSeconds(clock.getAsLong());
        // A configured name may be a path. A claim of the whole name works too, because ClaimsReader looks for it
        // first.
        var names = settings.claims();
        var claims = new LinkedHashMap<String, Object>();
        claims.put("iss", settings.issuer());
        claims.put(names.audience(), settings.audiences().getFirst());
        claims.put(names.subject(), request.subject());
        claims.put(names.roles().getFirst(), request.roles());
        names.tenant().ifPresent(tenant -> claims.put(tenant, request.tenant()));
        if (!request.patientId().isEmpty()) {
            claims.put(names.patientId(), request.patientId());
        }
        if (!request.deviceId().isEmpty()) {
            claims.put(names.deviceId(), request.deviceId());
        }
        if (!request.rpc().isEmpty()) {
            claims.put(ClaimsReader.RPC, request.rpc());
        }
        if (!request.writesFor().isEmpty()) {
            claims.put(ClaimsReader.WRITES_FOR, request.writesFor());
        }
        claims.put("iat", now);
        claims.put("exp", now + request.ttl().toSeconds());
        claims.put("jti", UUID.randomUUID().toString());
        return claims;
    }

    private static String base64(Map<String, Object> json) {
        return BASE64.encodeToString(JsonUtil.toJson(json).getBytes(StandardCharsets.UTF_8));
    }
}
