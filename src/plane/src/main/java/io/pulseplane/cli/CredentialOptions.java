package io.pulseplane.cli;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.pulseplane.client.TokenSource;
import io.pulseplane.node.LocalTokens;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/**
 * The options for the token that a command sends: a token that the user gives, or one that the command makes with the
 * plane's own key in the data directory. Without either the command sends none, and the plane's refusal says that one
 * is required.
 */
final class CredentialOptions {

    /** Long enough for one call to begin: a token that leaks is worth little. */
    private static final Duration LIFETIME = Duration.ofSeconds(10);

    /** The plane ends a stream when its token expires. */
    private static final Duration STREAM_LIFETIME = Duration.ofHours(1);

    private static final String STANDARD_INPUT = "-";
    private static final String VARIABLE = "PULSEPLANE_TOKEN";
    private static final int MAX_TOKEN_BYTES = 64 * 1024;

    /** Who has one of these can read the token, or put another in its place. */
    private static final Set<PosixFilePermission> UNSAFE = EnumSet.of(
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_EXECUTE);

    /** A token that the user gives on the command line. */
    static final class GivenToken {

        @Option(
                names = "--token",
                paramLabel = "TOKEN",
                description =
                        "The token to send; - reads it from standard input. Other users of this machine can see a "
                                + "token on the command line. Default: PULSEPLANE_TOKEN in the environment")
        private String token;

        @Option(
                names = "--token-file",
                paramLabel = "FILE",
                description = "A file with the token to send. Only its owner and group may be able to read it.")
        private Path tokenFile;
    }

    @ArgGroup
    private GivenToken given = new GivenToken();

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

    private String environmentToken = System.getenv(VARIABLE);

    /** The credentials for a plane that this process runs with this data directory. */
    static CredentialOptions local(Path dataDir) {
        var credentials = new CredentialOptions();
        credentials.dataDir = dataDir;
        credentials.environmentToken = null;
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
        return given.token != null || given.tokenFile != null || environmentToken != null;
    }

    /** Whether a call carries a token, without a look at the token itself. */
    boolean hasToken() {
        return isGiven() || LocalTokens.canIssue(dataDir);
    }

    boolean readsStandardInput() {
        return STANDARD_INPUT.equals(given.token);
    }

    /** Reads the token where the user said, and warns of a token that others can see. */
    void prepare(PrintWriter err) {
        if (readsStandardInput()) {
            given.token = read(System.in);
        } else if (given.token != null) {
            err.println("pulseplane: other users of this machine can see --token (ps); " + VARIABLE
                    + " in the environment, --token-file and --token - are safe");
            err.flush();
        }
    }

    private static String read(InputStream in) {
        try {
            var bytes = in.readNBytes(MAX_TOKEN_BYTES + 1);
            var token = new String(bytes, StandardCharsets.US_ASCII).strip();
            if (token.isEmpty() || bytes.length > MAX_TOKEN_BYTES) {
                throw new IOException("standard input has no token");
            }
            return token;
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private TokenSource source(String subject, String role, String device) {
        if (given.tokenFile != null) {
            return readable(privateFile(given.tokenFile));
        }
        var token = given.token != null ? given.token : environmentToken;
        if (token != null) {
            return TokenSource.of(token);
        }
        return LocalTokens.canIssue(dataDir) ? issuer(subject, role, device) : TokenSource.none();
    }

    private static TokenSource privateFile(Path file) {
        var source = TokenSource.file(file);
        return () -> {
            if (Files.exists(file) && Files.getFileStore(file).supportsFileAttributeView("posix")) {
                var permissions = Files.getPosixFilePermissions(file);
                if (permissions.stream().anyMatch(UNSAFE::contains)) {
                    throw new IOException(file + " has mode " + PosixFilePermissions.toString(permissions)
                            + ", so others can use the token in it or replace it: chmod 600 " + file);
                }
            }
            return source.token();
        };
    }

    /** Makes a token for every call, which no other rpc accepts. */
    private TokenSource issuer(String subject, String role, String device) {
        return new TokenSource() {
            @Override
            public Optional<String> token() throws IOException {
                return issue("", LIFETIME);
            }

            @Override
            public Optional<String> token(MethodDescriptor<?, ?> rpc) throws IOException {
                return issue(rpc.getFullMethodName(), rpc.getType() == MethodType.UNARY ? LIFETIME : STREAM_LIFETIME);
            }

            private Optional<String> issue(String rpc, Duration lifetime) throws IOException {
                return Optional.of(LocalTokens.issue(
                        dataDir,
                        new LocalTokens.Claims(subject, List.of(role), tenant, "", device, lifetime).onlyFor(rpc)));
            }
        };
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
