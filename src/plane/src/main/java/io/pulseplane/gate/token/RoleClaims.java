package io.pulseplane.gate.token;

import io.pulseplane.vitals.Identifier;
import io.pulseplane.vitals.PlaneException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the roles of a caller from the claims of a token: the union of all configured claims. If names of the provider
 * are mapped to roles, only mapped names count, so that a group of another program grants nothing here because of its
 * name.
 */
final class RoleClaims {

    /** More than a token has room for, if the names of roles have the length of a UUID. */
    static final int MAX_NAMES = 1_000;

    /** Claims whose text is a list with blanks between its entries (RFC 8693, 4.2). */
    private static final Set<String> SCOPES = Set.of("scope", "scp");

    private final List<ClaimPath> paths;
    private final Map<String, List<String>> rolesByName;

    RoleClaims(TokenSettings.ClaimNames names) {
        this.paths = names.roles().stream().map(ClaimPath::of).toList();
        this.rolesByName = names.rolesByName();
    }

    /** Returns each role once, in the order of the claims. */
    List<String> read(Map<String, Object> claims) {
        var names = new ArrayList<String>();
        for (var path : paths) {
            for (var name : entries(path, path.find(claims))) {
                names.add(text(name));
            }
            require(names.size() <= MAX_NAMES, "the token has more than " + MAX_NAMES + " roles");
        }
        var roles = new LinkedHashSet<String>();
        for (var name : names) {
            if (rolesByName.isEmpty()) {
                require(
                        Identifier.describeViolation(name).isEmpty(),
                        "a role of the token is not a text of 1 to " + Identifier.MAX_LENGTH + " printable characters");
                roles.add(name);
            } else {
                roles.addAll(rolesByName.getOrDefault(name, List.of()));
            }
        }
        return List.copyOf(roles);
    }

    private static List<?> entries(ClaimPath path, Object value) {
        return switch (value) {
            case null -> List.of();
            case String scopes
            when SCOPES.contains(path.name()) ->
                scopes.isBlank() ? List.of() : List.of(scopes.strip().split(" +"));
            case String role -> List.of(role);
            case List<?> roles -> roles;
            default ->
                throw new PlaneException.Unauthenticated(
                        "the token's roles in " + path.text() + " are neither a text nor an array");
        };
    }

    private static String text(Object name) {
        if (name instanceof String text) {
            return text;
        }
        throw new PlaneException.Unauthenticated("a role of the token is not a text");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new PlaneException.Unauthenticated(message);
        }
    }
}
