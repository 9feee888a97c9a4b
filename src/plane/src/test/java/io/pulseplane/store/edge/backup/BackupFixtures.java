package io.pulseplane.store.edge.backup;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.series;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.crypto.RecoveryKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.backup.Manifest.Kind;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** A store, its backups, and a recovery key, in one directory. */
public final class BackupFixtures {

    public static final long NOW = 1_763_000_000_000_000L;

    private static final int READINGS = 50;

    final Path data;
    final Path backups;
    final Path privacyJournal;
    final Path publicKey;
    final Path privateKey;

    public BackupFixtures(Path root) throws IOException, GeneralSecurityException {
        data = root.resolve("data");
        backups = root.resolve("backups");
        privacyJournal = root.resolve("elsewhere").resolve("privacy.journal");
        publicKey = root.resolve("recovery.pub");
        privateKey = root.resolve("recovery.key");
        writeRecoveryKey(publicKey, privateKey);
    }

    /** Writes a pair of keys as openssl makes it. */
    public static void writeRecoveryKey(Path publicKey, Path privateKey) throws IOException, GeneralSecurityException {
        var pair = KeyPairGenerator.getInstance("X25519").generateKeyPair();
        Files.writeString(publicKey, pem("PUBLIC KEY", pair.getPublic().getEncoded()));
        Files.createFile(privateKey, PosixFilePermissions.asFileAttribute(PrivateFiles.FILE_MODE));
        Files.writeString(privateKey, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    }

    private static String pem(String label, byte[] encoded) {
        return "-----BEGIN " + label + "-----\n" + Base64.getMimeEncoder().encodeToString(encoded) + "\n-----END "
                + label + "-----\n";
    }

    EdgeStore open() {
        return EdgeStore.open(data, EdgeSettings.of(1).withPrivacyJournal(privacyJournal), () -> NOW);
    }

    /** The readings of a batch: of patient and device {@code number % 4}. */
    static Columns readings(int number) {
        var times = new long[READINGS];
        var values = new double[READINGS];
        for (int i = 0; i < READINGS; i++) {
            times[i] = 1 + number * 1_000L + i;
            values[i] = 60 + (number + i) % 40;
        }
        return new Columns(series("p" + number % 4, "d" + number % 4, HEART_RATE), times, values);
    }

    static AppendResult append(EdgeStore store, int number) {
        return await(store.readings().append(List.of(batch(1 + number, readings(number)))))
                .getFirst();
    }

    static Columns read(EdgeStore store, int number) {
        var expected = readings(number);
        return await(store.readings()
                .read(
                        expected.series(),
                        new TimeRange(expected.firstTime(), expected.lastTime() + 1),
                        Order.OLDEST_FIRST,
                        Integer.MAX_VALUE));
    }

    KeyEncryptionKey nodeKey() {
        return KeyEncryptionKey.read(data.resolve("node.key"));
    }

    Backup.Source source() {
        return new Backup.Source(data, nodeKey(), this::trail, Map.of("token.key", data.resolve("token.key")));
    }

    /** What is in the directory of the trail. */
    private Map<String, Path> trail() throws IOException {
        var files = new TreeMap<String, Path>();
        if (Files.exists(data.resolve("audit"))) {
            try (var entries = Files.list(data.resolve("audit"))) {
                entries.forEach(file -> files.put("audit/" + file.getFileName(), file));
            }
        }
        return files;
    }

    Manifest backUp(Kind kind) {
        return Backup.make(source(), backups, kind, RecoveryKey.Public.read(publicKey))
                .manifest();
    }

    Manifest backUp(Kind kind, Disk disk) {
        return Backup.make(source(), backups, kind, RecoveryKey.Public.read(publicKey), disk)
                .manifest();
    }

    Restore.Request newest() {
        return request(OptionalInt.empty());
    }

    Restore.Request request(OptionalInt number) {
        return new Restore.Request(
                backups, number, true, Optional.of(privacyJournal).filter(Files::exists));
    }

    Restore.Result restore(Restore.Request request, Path to) {
        return Restore.restore(request, to, RecoveryKey.Private.read(privateKey), _ -> List.of());
    }

    Restore.Result restore(Restore.Request request, Path to, Disk disk) {
        return Restore.restore(request, to, RecoveryKey.Private.read(privateKey), _ -> List.of(), disk);
    }
}
