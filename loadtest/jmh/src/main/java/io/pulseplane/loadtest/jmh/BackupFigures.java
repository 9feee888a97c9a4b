package io.pulseplane.loadtest.jmh;

import io.pulseplane.node.StoreFiles.KeySource;
import io.pulseplane.node.backup.Backups;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/**
 * Prints how fast an edge store is backed up and restored, beside {@code cp} and {@code sync} of the same files, and
 * how ingest goes on meanwhile. Backups are made by processes of their own, because the process of a plane must not
 * make one.
 *
 * <p>Arguments: a directory on the disk to measure; the megabytes of the store.
 */
public final class BackupFigures {

    private static final int BATCH = 10_000;
    private static final int SERIES = 50;
    private static final int REPEATS = 3;
    private static final Duration INGEST_ALONE = Duration.ofSeconds(5);

    private final Path data;
    private final Path backups;
    private final Path publicKey;
    private final Path privateKey;
    private final double[] values =
            new SplittableRandom(1).doubles(BATCH * 2L, 0, 1_000).toArray();
    private long batches;

    private BackupFigures(Path directory) throws IOException, GeneralSecurityException {
        data = directory.resolve("data");
        backups = directory.resolve("backups");
        publicKey = directory.resolve("recovery.pub");
        privateKey = directory.resolve("recovery.key");
        var pair = KeyPairGenerator.getInstance("X25519").generateKeyPair();
        Files.writeString(publicKey, pem("PUBLIC KEY", pair.getPublic().getEncoded()));
        Files.createFile(
                privateKey, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(privateKey, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    }

    private static String pem(String label, byte[] encoded) {
        return "-----BEGIN " + label + "-----\n" + Base64.getMimeEncoder().encodeToString(encoded) + "\n-----END "
                + label + "-----\n";
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("backup")) {
            for (int i = 0; i < Integer.parseInt(arguments[5]); i++) {
                Backups.make(
                                arguments[1],
                                Path.of(arguments[2]),
                                new KeySource(Optional.empty(), List.of()),
                                Optional.empty(),
                                Path.of(arguments[3]),
                                Path.of(arguments[4]))
                        .forEach(System.out::println);
            }
            return;
        }
        var directory = Files.createTempDirectory(Files.createDirectories(Path.of(arguments[0])), "backup-");
        new BackupFigures(directory).run(Long.parseLong(arguments[1]) << 20);
        execute("rm", "-r", directory.toString());
    }

    private void run(long bytes) throws Exception {
        try (var store = EdgeStore.open(data, 2, BenchmarkGate::now)) {
            while (size() < bytes) {
                append(store);
            }
            await(store.compact());
            System.out.printf("store: %,d bytes, %,d readings%n", size(), batches * BATCH);
            for (int i = 0; i < REPEATS; i++) {
                copy();
            }
            // The first is slower, by the start of the process.
            require(start("full", REPEATS));
            require(start("incremental", 1));
            ingest(store, "alone", INGEST_ALONE, null);
            for (int i = 0; i < REPEATS; i++) {
                ingest(store, "during a full backup", INGEST_ALONE, start("full", 1));
                ingest(store, "alone", INGEST_ALONE, null);
            }
            require(start("incremental", 1));
        }
        long startNanos = System.nanoTime();
        Backups.restore(
                        backups,
                        OptionalInt.empty(),
                        data.resolveSibling("restored"),
                        privateKey,
                        true,
                        Optional.empty())
                .lines()
                .forEach(System.out::println);
        System.out.printf("restored and verified in %.1f s%n", (System.nanoTime() - startNanos) / 1e9);
    }

    private long size() throws IOException {
        return Files.size(data.resolve("pulseplane.db"));
    }

    private void copy() throws Exception {
        var to = data.resolveSibling("copy");
        long startNanos = System.nanoTime();
        execute("sh", "-c", "cp '" + data.resolve("pulseplane.db") + "' '" + to + "' && sync '" + to + "'");
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        System.out.printf("cp and sync: %.2f s, %.0f MB/s%n", seconds, size() / seconds / 1e6);
        Files.delete(to);
    }

    private Process start(String kind, int times) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        BackupFigures.class.getName(),
                        "backup",
                        kind,
                        data.toString(),
                        backups.toString(),
                        publicKey.toString(),
                        String.valueOf(times))
                .inheritIO()
                .start();
    }

    private static void execute(String... command) throws Exception {
        require(new ProcessBuilder(command).inheritIO().start());
    }

    private static void require(Process process) throws InterruptedException {
        if (process.waitFor() != 0) {
            throw new IllegalStateException("a command ended with " + process.exitValue());
        }
    }

    /** Appends until the time is over, or until the process has ended. */
    private void ingest(EdgeStore store, String name, Duration time, Process process) throws InterruptedException {
        long startNanos = System.nanoTime();
        long first = batches;
        var millis = new double[1 << 20];
        int appended = 0;
        while (appended < millis.length
                && (process == null ? System.nanoTime() - startNanos < time.toNanos() : process.isAlive())) {
            long before = System.nanoTime();
            append(store);
            millis[appended++] = (System.nanoTime() - before) / 1e6;
        }
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        Arrays.sort(millis, 0, appended);
        System.out.printf(
                "ingest %s: %,.0f readings/s in %.1f s; acknowledged in %.1f ms (p50), %.1f ms (p99), %.1f ms (most)%n",
                name,
                (batches - first) * BATCH / seconds,
                seconds,
                millis[appended / 2],
                millis[appended * 99 / 100],
                millis[appended - 1]);
        if (process != null) {
            require(process);
        }
    }

    /** Compacts when the journal is full, because batches come faster here than the store compacts them. */
    private void append(EdgeStore store) {
        var batch = batch();
        try {
            await(store.readings().append(List.of(batch)));
        } catch (PlaneException.ResourceExhausted _) {
            await(store.compact());
            await(store.readings().append(List.of(batch)));
        }
    }

    private ScreenedBatch batch() {
        long number = batches++;
        var series = new Series("patient-" + number % SERIES, "device-" + number % SERIES, "8867-4", "/min");
        var times = new long[BATCH];
        for (int i = 0; i < BATCH; i++) {
            times[i] = 1_700_000_000_000_000L + (number / SERIES * BATCH + i) * 1_000;
        }
        int from = (int) (number * 31 % BATCH);
        var columns = new Columns(series, times, Arrays.copyOfRange(values, from, from + BATCH));
        return new ScreenedBatch(
                series.device(),
                series.patient(),
                number / SERIES + 1,
                number + 1,
                List.of(new ScreenedBatch.Block(columns, null)),
                0,
                List.of());
    }

    private static <T> T await(Uni<T> result) {
        return result.await().atMost(Duration.ofMinutes(5));
    }
}
