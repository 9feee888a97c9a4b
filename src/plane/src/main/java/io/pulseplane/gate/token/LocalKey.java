package io.pulseplane.gate.token;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_WRITE;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.JoseException;

/**
 * The key that a plane makes for itself, a JWK in the file {@value #FILE} of its data directory. Whoever can read the
 * file can make a token for any identity. So only its owner can read it, from the moment it is made, and the plane does
 * not use a file that others can read. If the file is deleted, all its tokens are void.
 *
 * <p>The algorithm is ES256, because the JDK checks it as fast as EdDSA and every client supports it.
 */
final class LocalKey {

    static final String FILE = "token.key";

    private static final int MAX_FILE_BYTES = 16 * 1024;
    private static final Set<PosixFilePermission> OWNER_ONLY = Set.copyOf(EnumSet.of(OWNER_READ, OWNER_WRITE));

    private final VerificationKey publicKey;
    private final PrivateKey privateKey;

    private LocalKey(VerificationKey publicKey, PrivateKey privateKey) {
        this.publicKey = publicKey;
        this.privateKey = privateKey;
    }

    /** Returns the key in this directory and makes it if there is none. Concurrent callers get the same key. */
    static LocalKey openOrCreate(Path dataDir) throws UnusableKeyException {
        prepare(dataDir);
        return find(dataDir)
                .orElseThrow(
                        () -> new UnusableKeyException(dataDir.resolve(FILE) + " was deleted right after it was made"));
    }

    /** Makes the key if there is none, and checks its permissions. It does not read the file, so the start is fast. */
    static void prepare(Path dataDir) throws UnusableKeyException {
        var file = dataDir.resolve(FILE);
        if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
            create(dataDir, file);
        }
        requireOwnerOnly(file);
    }

    /** Returns the key in this directory; empty if there is none. */
    static Optional<LocalKey> find(Path dataDir) throws UnusableKeyException {
        var file = dataDir.resolve(FILE);
        if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.empty();
        }
        requireOwnerOnly(file);
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return Optional.of(read(file, new String(in.readNBytes(MAX_FILE_BYTES), StandardCharsets.UTF_8)));
        } catch (NoSuchFileException _) {
            return Optional.empty();
        } catch (IOException e) {
            throw unusable("read", file, e);
        }
    }

    /** The keys for tokens of this directory. There are none if the key was deleted. */
    static KeySet keySetIn(Path dataDir) throws UnusableKeyException {
        var key = find(dataDir);
        return key.isPresent() ? KeySet.of(List.of(key.get().publicKey)) : KeySet.NONE;
    }

    private static LocalKey read(Path file, String json) throws UnusableKeyException {
        try {
            var jwk = PublicJsonWebKey.Factory.newPublicJwk(json);
            var key = JwksReader.key(jwk).filter(candidate -> candidate.name().algorithm() == Algorithm.ES256);
            if (key.isPresent() && jwk.getPrivateKey() != null) {
                return new LocalKey(key.get(), jwk.getPrivateKey());
            }
        } catch (JoseException | RuntimeException _) {
            // Handled below. The message of the library may contain parts of the file.
        }
        throw new UnusableKeyException(
                file + " does not hold a private key of P-256 as a JWK; if you delete it, the plane makes a new one");
    }

    private static void requireOwnerOnly(Path file) throws UnusableKeyException {
        requireModes(file);
        try {
            PrivateFiles.requirePrivateFile(file, "key for tokens");
        } catch (PlaneException.FailedPrecondition e) {
            throw new UnusableKeyException(
                    e.getMessage() + "; or delete it, and the plane makes a new one: others may have read it");
        } catch (NoSuchFileException _) {
            throw new UnusableKeyException(file + " was deleted right after it was made");
        } catch (IOException e) {
            throw unusable("read", file, e);
        }
    }

    /** Writes the key under another name and links it, so nobody reads half a key and an existing key stays. */
    private static void create(Path dataDir, Path file) throws UnusableKeyException {
        requireModes(file);
        var unfinished = dataDir.resolve(FILE + "." + UUID.randomUUID());
        var mode = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
        try {
            PrivateFiles.createDirectories(dataDir);
            try (var channel = FileChannel.open(unfinished, Set.of(CREATE_NEW, WRITE), mode)) {
                var bytes = ByteBuffer.wrap(generate().getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.createLink(file, unfinished);
        } catch (FileAlreadyExistsException _) {
            // Another process was first; its key is used.
        } catch (IOException e) {
            throw unusable("make", file, e);
        } finally {
            delete(unfinished);
        }
    }

    private static UnusableKeyException unusable(String verb, Path file, IOException cause) {
        return switch (cause) {
            case UnusableKeyException unusable -> unusable;
            case AccessDeniedException _ ->
                new UnusableKeyException("cannot " + verb + " " + file + ": it belongs to another user", cause);
            default -> new UnusableKeyException("cannot " + verb + " " + file + ": " + cause.getMessage(), cause);
        };
    }

    private static void requireModes(Path file) throws UnusableKeyException {
        if (!file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            throw new UnusableKeyException("the file system of " + file
                    + " has no POSIX permissions, so others could read the key; use another one or a JWKS");
        }
    }

    private static void delete(Path unfinished) {
        try {
            Files.deleteIfExists(unfinished);
        } catch (IOException _) {
            // Only its owner can read it, and the plane never does.
        }
    }

    private static String generate() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            var pair = generator.generateKeyPair();
            var jwk = PublicJsonWebKey.Factory.newPublicJwk(pair.getPublic());
            jwk.setPrivateKey(pair.getPrivate());
            jwk.setAlgorithm(Algorithm.ES256.joseName());
            jwk.setUse("sig");
            jwk.setKeyId(jwk.calculateBase64urlEncodedThumbprint("SHA-256"));
            return jwk.toJson(OutputControlLevel.INCLUDE_PRIVATE) + "\n";
        } catch (GeneralSecurityException | JoseException e) {
            throw new IllegalStateException("every Java has P-256", e);
        }
    }

    String id() {
        return publicKey.name().id();
    }

    Algorithm algorithm() {
        return publicKey.name().algorithm();
    }

    byte[] sign(byte[] bytes) {
        return publicKey.name().algorithm().sign(privateKey, bytes);
    }
}
