package io.pulseplane.store.edge.backup;

import static io.pulseplane.store.edge.backup.BackupFixtures.NOW;
import static io.pulseplane.store.edge.backup.BackupFixtures.append;
import static io.pulseplane.store.edge.backup.BackupFixtures.read;
import static io.pulseplane.store.edge.backup.BackupFixtures.readings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.crypto.RecoveryKey;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.backup.Disk.Step;
import io.pulseplane.store.edge.backup.Manifest.Kind;
import io.pulseplane.store.edge.backup.Pruning.Keep;
import io.pulseplane.vitals.PlaneException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Cuts the power in the middle of backups, and ends restores in their middle. {@code -Dpulseplane.power.cuts} says how
 * often, {@code -Dpulseplane.power.seed} repeats a run.
 */
class BackupPowerCutTest {

    private static final int CUTS = Integer.getInteger("pulseplane.power.cuts", 30);
    private static final long SEED = Long.getLong("pulseplane.power.seed", System.nanoTime());

    @TempDir
    Path root;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private BackupFixtures fixtures;

    @BeforeEach
    void make_fixtures() throws Exception {
        fixtures = new BackupFixtures(root);
    }

    /** What was done to the directory of the backups, and what was promised when. */
    private static final class Trace implements Disk.Listener {

        private record Promised(int newestBackup) {}

        private final List<Object> events = new ArrayList<>();

        @Override
        public void before(Step step) {
            events.add(
                    step instanceof Step.Append(var file, var bytes)
                            ? new Step.Append(file, ByteBuffer.wrap(copyOf(bytes)))
                            : step);
        }

        private static byte[] copyOf(ByteBuffer bytes) {
            var copy = new byte[bytes.remaining()];
            bytes.duplicate().get(copy);
            return copy;
        }

        /**
         * Writes the directory as it may be after a cut. What was synced is there. Of a file that was not, any length
         * is there; of the names that were not, those up to any change.
         *
         * @return the newest backup that was promised
         */
        int cut(int moment, SplittableRandom random, Path target) throws IOException {
            var synced = new TreeMap<String, Content>();
            var changes = new ArrayList<Step>();
            var names = new TreeMap<String, Content>();
            int promised = 0;
            for (var event : events.subList(0, moment)) {
                switch (event) {
                    case Promised(var newest) -> promised = newest;
                    case Step.Append(var file, var bytes) -> {
                        var content = names.get(name(file));
                        if (content == null) {
                            content = new Content();
                            names.put(name(file), content);
                            changes.add(new Step.Append(file, bytes));
                        }
                        content.bytes.writeBytes(bytes.array());
                    }
                    case Step.Sync(var file) ->
                        names.computeIfAbsent(name(file), _ -> new Content()).sync();
                    case Step.SyncDirectory _ -> {
                        synced = new TreeMap<>(names);
                        changes.clear();
                    }
                    case Step.Move move -> {
                        names.put(name(move.to()), names.remove(name(move.from())));
                        changes.add(move);
                    }
                    case Step.Delete delete -> {
                        names.remove(name(delete.file()));
                        changes.add(delete);
                    }
                    default -> throw new IllegalStateException("unknown event");
                }
            }
            write(synced, names, changes.subList(0, random.nextInt(changes.size() + 1)), random, target);
            return promised;
        }

        private static void write(
                TreeMap<String, Content> synced,
                TreeMap<String, Content> names,
                List<Step> changes,
                SplittableRandom random,
                Path target)
                throws IOException {
            var after = new TreeMap<>(synced);
            for (var change : changes) {
                switch (change) {
                    case Step.Append append -> after.put(name(append.file()), contentOf(names, name(append.file())));
                    case Step.Move(var from, var to) -> {
                        after.remove(name(from));
                        after.put(name(to), contentOf(names, name(to)));
                    }
                    case Step.Delete(var file) -> after.remove(name(file));
                    case Step.Sync _, Step.SyncDirectory _ -> {}
                }
            }
            for (var file : after.entrySet()) {
                Files.write(target.resolve(file.getKey()), file.getValue().afterCut(random));
            }
        }

        /** A file that was renamed later has its content by the later name. */
        private static Content contentOf(Map<String, Content> names, String name) {
            return names.getOrDefault(name, names.getOrDefault(name.replace(".new", ""), new Content()));
        }

        private static String name(Path file) {
            return file.getFileName().toString();
        }

        private static final class Content {

            private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            private int syncedBytes;

            void sync() {
                syncedBytes = bytes.size();
            }

            byte[] afterCut(SplittableRandom random) {
                return Arrays.copyOf(bytes.toByteArray(), syncedBytes + random.nextInt(bytes.size() - syncedBytes + 1));
            }
        }
    }

    @Test
    void a_power_cut_in_the_middle_of_a_backup_or_of_pruning_leaves_the_backups_that_were_made() throws Exception {
        var trace = new Trace();
        var store = fixtures.open();
        try {
            for (int number = 1; number <= 4; number++) {
                append(store, number);
                fixtures.backUp(number % 2 == 1 ? Kind.FULL : Kind.INCREMENTAL, new Disk(trace));
                trace.events.add(new Trace.Promised(number));
            }
        } finally {
            store.close();
        }
        Pruning.prune(fixtures.backups, new Keep(1, 0, 0, 0), new Disk(trace));
        for (int i = 0; i < CUTS; i++) {
            var name = "cut " + i + ", seed " + SEED;
            var after = root.resolve("cut" + i);
            PrivateFiles.createDirectories(after);
            int promised = trace.cut(random.nextInt(trace.events.size() + 1), random, after);
            if (promised == 0) {
                continue;
            }
            assertThat(BackupCheck.check(after).findings()).as(name).isEmpty();
            var newest = BackupCheck.list(after).getLast().number();
            assertThat(newest).as(name).isGreaterThanOrEqualTo(promised);
            var to = root.resolve("restored" + i);
            fixtures.restore(new Restore.Request(after, OptionalInt.empty(), true, Optional.empty()), to);
            assertHasBatches(to, newest, name);
            var next = Backup.make(
                    fixtures.source(), after, Kind.INCREMENTAL, RecoveryKey.Public.read(fixtures.publicKey));
            assertThat(next.manifest().number()).as(name).isGreaterThan(newest);
            assertThat(BackupCheck.check(after).findings()).as(name).isEmpty();
        }
    }

    private static void assertHasBatches(Path directory, int newest, String name) {
        var store = EdgeStore.open(directory, 1, () -> NOW);
        try {
            for (int number = 1; number <= newest; number++) {
                assertThat(read(store, number)).as(name).isEqualTo(readings(number));
            }
        } finally {
            store.close();
        }
    }

    /** Stops a restore before a step, as if the process had ended there. */
    private record StopBefore(int step, int[] steps) implements Disk.Listener {

        @Override
        public void before(Step next) throws IOException {
            if (steps[0]++ == step) {
                throw new IOException("stopped");
            }
        }
    }

    @Test
    void a_restore_that_ends_in_its_middle_leaves_no_store_or_a_whole_one_and_can_be_repeated() throws Exception {
        var store = fixtures.open();
        try {
            store.claimAuditDirectory(fixtures.data.resolve("audit"));
            append(store, 1);
            fixtures.backUp(Kind.FULL);
        } finally {
            store.close();
        }
        boolean isWhole = false;
        for (int step = 0; !isWhole; step++) {
            var to = root.resolve("restored" + step);
            try {
                fixtures.restore(fixtures.newest(), to, new Disk(new StopBefore(step, new int[1])));
                isWhole = true;
                assertThat(step).as("steps of a restore").isGreaterThan(10);
            } catch (PlaneException.Unavailable e) {
                assertThat(e).hasMessageContaining("stopped");
                if (Files.notExists(to.resolve("keys.db"))) {
                    assertNoStoreWithData(to);
                    fixtures.restore(fixtures.newest(), to);
                }
            }
            assertHasBatches(to, 1, "step " + step);
        }
    }

    /** A plane does not start on a part of a store. */
    private static void assertNoStoreWithData(Path directory) {
        if (Files.exists(directory.resolve("pulseplane.db"))) {
            assertThatThrownBy(() -> EdgeStore.open(directory, 1, () -> NOW))
                    .isInstanceOf(PlaneException.FailedPrecondition.class)
                    .hasMessageContaining("keys.db is missing");
        }
    }
}
