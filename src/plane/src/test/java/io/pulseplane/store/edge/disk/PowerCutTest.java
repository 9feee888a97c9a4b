package io.pulseplane.store.edge.disk;

import static io.pulseplane.ReadingFixtures.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Consent;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.maintenance.Verification;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Cuts the power at random moments of the life of a store, from its first start on, and checks that everything that was
 * promised is there. {@code -Dpulseplane.power.cuts} says how often, {@code -Dpulseplane.power.seed} repeats a run.
 */
class PowerCutTest {

    private static final int CUTS = Integer.getInteger("pulseplane.power.cuts", 200);
    private static final long SEED = Long.getLong("pulseplane.power.seed", System.nanoTime());

    private static final int PATIENTS = 4;
    private static final NumberedBatches BATCHES = new NumberedBatches(PATIENTS, 20);

    /** Batch {@code number}, of patient and device {@code number % PATIENTS}, was acknowledged. */
    private record Acknowledged(int number) {}

    private record ErasureRequested(int patient) {}

    private record Erased(int patient) {}

    private record ConsentRecorded(int patient, long from) {}

    @TempDir
    Path directory;

    /** What was promised before a cut and was there after it, by kind. */
    private final Map<String, Integer> checked = new TreeMap<>();

    private final SplittableRandom random = new SplittableRandom(SEED);

    private static EdgeStore open(Path directory) {
        return EdgeStore.open(directory, 1, () -> 1_763_000_000_000_000L);
    }

    private static List<AppendResult> append(EdgeStore store, int number) {
        return await(BATCHES.append(store, number));
    }

    private static Consent consent(int patient, long from) {
        return new Consent(0, "p" + patient, true, from, OptionalLong.empty(), List.of(), "nurse", 0);
    }

    @Test
    void everything_that_was_promised_survives_a_power_cut_at_any_moment() throws Exception {
        var original = directory.resolve("original");
        PrivateFiles.createDirectories(original);
        var cuts = new PowerCuts(original);
        try (var _ = TracedDisk.install(directory, cuts)) {
            live(original, cuts);
        }
        assertThat(cuts.moments()).as("events of the trace").isGreaterThan(400);
        for (int i = 0; i < CUTS; i++) {
            int moment = random.nextInt(cuts.moments() + 1);
            var copy = directory.resolve("cut" + i);
            PrivateFiles.createDirectories(copy);
            Files.copy(original.resolve("node.key"), copy.resolve("node.key"));
            var promises = cuts.cut(moment, random, copy);
            var name = "cut " + i + " at moment " + moment + ", seed " + SEED;
            try {
                check(copy, promises, name);
            } catch (PlaneException e) {
                throw new AssertionError(name, e);
            }
            delete(copy);
        }
        System.out.println(
                "| cut of the power | " + CUTS + " | of a trace of " + cuts.moments() + " writes and syncs |");
        checked.forEach((kind, count) -> System.out.println("| " + kind + " checked | " + count + " | 0 lost |"));
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    /** Three starts of a store: with batches, consents, an erasure and compactions, and a clean end of each. */
    private static void live(Path directory, PowerCuts cuts) {
        for (int start = 0; start < 3; start++) {
            var store = open(directory);
            try {
                for (int i = 0; i < 24; i++) {
                    int number = 24 * start + i;
                    if (start == 2 && number % PATIENTS == 1) {
                        continue; // is erased
                    }
                    append(store, number);
                    cuts.promised(new Acknowledged(number));
                    if (i % 8 == 7) {
                        await(store.registry().putConsent(consent(0, 100L * number)));
                        cuts.promised(new ConsentRecorded(0, 100L * number));
                        await(store.compact());
                    }
                }
                if (start == 1) {
                    cuts.promised(new ErasureRequested(1));
                    await(store.registry().erasePatient("p1"));
                    cuts.promised(new Erased(1));
                }
            } finally {
                store.close();
            }
        }
    }

    private void check(Path directory, List<Object> promises, String name) {
        var kept = new HashSet<>(promises);
        boolean mayBeErased = kept.contains(new ErasureRequested(1));
        var store = open(directory);
        try {
            for (var promise : promises) {
                switch (promise) {
                    case Acknowledged(var number) when number % PATIENTS == 1 && mayBeErased -> {}
                    case Acknowledged(var number) -> {
                        checkStored(store, number, name);
                        checked.merge("acknowledged batches", 1, Integer::sum);
                    }
                    case ConsentRecorded(var patient, var from) -> {
                        assertThat(await(store.registry().consents("p" + patient, Long.MAX_VALUE, 100)))
                                .as(name)
                                .anyMatch(consent -> consent.from() == from);
                        checked.merge("consents", 1, Integer::sum);
                    }
                    case Erased(var patient) -> {
                        checked.merge("erasures", 1, Integer::sum);
                        assertThat(await(store.readings().series(new Subject.OfPatient("p" + patient))))
                                .as(name)
                                .isEmpty();
                        assertThat(append(store, 100 * PATIENTS + patient))
                                .as(name)
                                .containsExactly(new AppendResult.PatientErased());
                    }
                    default -> {}
                }
            }
            assertThat(append(store, 400).getFirst()).as(name).isInstanceOf(AppendResult.Stored.class);
            await(store.compact());
        } finally {
            store.close();
        }
        assertThat(Verification.verify(directory, KeyEncryptionKey.read(directory.resolve("node.key")))
                        .findings())
                .as(name)
                .isEmpty();
    }

    private static void checkStored(EdgeStore store, int number, String name) {
        assertThat(await(BATCHES.read(store, number)))
                .as(name + ", batch " + number)
                .isEqualTo(BATCHES.readings(number));
        assertThat(append(store, number).getFirst()).as(name).isInstanceOf(AppendResult.Repeated.class);
    }
}
