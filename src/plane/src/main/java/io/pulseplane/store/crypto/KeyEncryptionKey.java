package io.pulseplane.store.crypto;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.files.SecretCommand;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key of a node, 256 bits, under which data keys are wrapped. It comes from a file or from a command. It lies
 * beside the data only where the configuration names no other place.
 */
public final class KeyEncryptionKey {

    private static final int BYTES = 32;
    private static final int ID_BYTES = 8;

    /** A key in base64 has 44 characters; a longer text is not read to its end. */
    private static final int MAX_TEXT_BYTES = 1_024;

    private static final Set<PosixFilePermission> FORBIDDEN_PERMISSIONS =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE);

    private final String id;
    private final SecretKey key;

    private KeyEncryptionKey(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new PlaneException.FailedPrecondition("the key of the node must be 32 bytes, in base64");
        }
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            id = HexFormat.of().formatHex(digest, 0, ID_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
        key = new SecretKeySpec(bytes, "AES");
    }

    /**
     * Reads a key from base64.
     *
     * @throws PlaneException.FailedPrecondition if it is not 32 bytes in base64
     */
    public static KeyEncryptionKey fromBase64(String base64) {
        try {
            return new KeyEncryptionKey(Base64.getDecoder().decode(base64.strip()));
        } catch (IllegalArgumentException e) {
            throw new PlaneException.FailedPrecondition("the key of the node must be 32 bytes, in base64");
        }
    }

    /**
     * Reads the key from a file, in base64.
     *
     * @throws PlaneException.FailedPrecondition if everybody can read the file, if others than its owner can write it,
     *     if it belongs to another user, or if it holds no key
     * @throws PlaneException.Unavailable if the file cannot be read
     */
    public static KeyEncryptionKey read(Path file) {
        try {
            if (PrivateFiles.hasModes(file)) {
                if (!PrivateFiles.isOwnOrRoots(file)) {
                    throw new PlaneException.FailedPrecondition("the file with the key of the node " + file
                            + " belongs to another user than that of this process: chown it");
                }
                if (Files.getPosixFilePermissions(file).stream().anyMatch(FORBIDDEN_PERMISSIONS::contains)) {
                    throw new PlaneException.FailedPrecondition(
                            "the file with the key of the node can be read by everybody, or written by"
                                    + " others: chmod 600 " + file);
                }
            }
            if (Files.size(file) > MAX_TEXT_BYTES) {
                throw new PlaneException.FailedPrecondition("the key of the node must be 32 bytes, in base64");
            }
            return fromBase64(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the key of the node cannot be read", e);
        }
    }

    /** Reads the key from a file that is no link. If there is none, makes one that only its owner can read. */
    public static KeyEncryptionKey readOrCreate(Path file) {
        try {
            if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
                create(file);
            }
            PrivateFiles.requirePrivateFile(file, "key of the node");
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the key of the node cannot be read or written", e);
        }
        return read(file);
    }

    private static void create(Path file) throws IOException {
        var bytes = new byte[BYTES];
        new SecureRandom().nextBytes(bytes);
        var text = Base64.getEncoder().encodeToString(bytes) + "\n";
        var partial = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(partial);
        try (var channel = PrivateFiles.open(
                partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SYNC)) {
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
        }
        // Data is sealed under the key from now on, so the name of the file must be as durable as its content.
        Files.move(partial, file);
        PrivateFiles.syncDirectory(file.toAbsolutePath().getParent());
    }

    /**
     * Reads the key that a command prints, in base64. The command can ask a key management service.
     *
     * @throws PlaneException.Unavailable if the command fails, or does not end in time
     */
    public static KeyEncryptionKey fromCommand(List<String> command) {
        return fromBase64(SecretCommand.run(command, "key of the node"));
    }

    /** Identifies the key and does not reveal it: the first 8 bytes of its SHA-256, in hexadecimal digits. */
    public String id() {
        return id;
    }

    /** The key itself, in base64, as a file has it. For what is sealed at once, such as the keys of a backup. */
    public String toBase64() {
        return Base64.getEncoder().encodeToString(key.getEncoded());
    }

    /** @param associatedData see {@link AesGcm#seal(SecretKey, byte[], byte[], int, int)} */
    public byte[] wrap(AesGcm cipher, byte[] associatedData, SecretKey dataKey) {
        var bytes = dataKey.getEncoded();
        var wrapped = cipher.seal(key, associatedData, bytes, 0, bytes.length);
        Arrays.fill(bytes, (byte) 0);
        return wrapped;
    }

    public SecretKey unwrap(AesGcm cipher, byte[] associatedData, byte[] wrapped) throws DecryptionFailedException {
        return new SecretKeySpec(cipher.open(key, associatedData, wrapped), "AES");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyEncryptionKey that && key.equals(that.key);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    /** Names the key by its id; the key itself must not get into a log. */
    @Override
    public String toString() {
        return "KeyEncryptionKey[" + id + "]";
    }
}
