package io.pulseplane.store.edge;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Consent;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a store opens, and serves what is whole, when a block is damaged that it does not need for that. */
class DamagedPageTest {

    private static final int BLOCK_BYTES = 4_096;
    private static final int PATIENTS = 30;
    private static final int READINGS = 200;

    @TempDir
    Path directory;

    private static EdgeStore open(Path directory) {
        return EdgeStore.open(directory, 1, () -> 1_763_000_000_000_000L);
    }

    private static Columns columns(int patient, int run) {
        var times = LongStream.range(0, READINGS)
                .map(i -> 1_000_000L * ((long) run * READINGS + i))
                .toArray();
        var random = new SplittableRandom(31L * patient + run);
        var values = random.doubles(READINGS, 30, 200).toArray();
        return new Columns(series("p" + patient, "d" + patient, HEART_RATE), times, values);
    }

    @Test
    void a_store_with_a_damaged_block_opens_and_serves_the_rest() throws Exception {
        var data = directory.resolve("data");
        var store = open(data);
        for (int run = 0; run < 4; run++) {
            for (int patient = 0; patient < PATIENTS; patient++) {
                assertThat(await(store.readings().append(List.of(batch(1 + run, columns(patient, run)))))
                                .getFirst())
                        .isInstanceOf(AppendResult.Stored.class);
                await(store.registry()
                        .putConsent(
                                new Consent(0, "p" + patient, true, 0, OptionalLong.empty(), List.of(), "nurse", 0)));
            }
            if (run < 2) {
                await(store.compact());
            }
        }
        store.close();
        var bytes = Files.readAllBytes(data.resolve("pulseplane.db"));
        int refused = 0;
        int served = 0;
        int blocks = 0;
        for (int at = 0; at < bytes.length; at += BLOCK_BYTES, blocks++) {
            var copy = directory.resolve("block" + at);
            PrivateFiles.createDirectories(copy);
            for (var name : List.of("keys.db", "keys.copy", "node.key")) {
                Files.copy(data.resolve(name), copy.resolve(name));
            }
            var damaged = bytes.clone();
            Arrays.fill(damaged, at, Math.min(at + BLOCK_BYTES, damaged.length), (byte) 0);
            Files.write(copy.resolve("pulseplane.db"), damaged);
            try {
                served += served(copy);
            } catch (PlaneException.DataLoss e) {
                assertThat(e).hasMessageContaining("pulseplane store salvage");
                refused++;
            }
        }
        System.out.println("| blocks of zeros | " + blocks + " | refused at start " + refused
                + " | runs of readings served " + served + " of " + blocks * PATIENTS * 4 + " |");
        assertThat(refused).as("refused of " + blocks).isLessThan(blocks / 8);
        assertThat(served).isGreaterThan((blocks - refused) * PATIENTS * 4 * 3 / 4);
    }

    private static int served(Path directory) {
        int served = 0;
        var store = open(directory);
        try {
            for (int patient = 0; patient < PATIENTS; patient++) {
                for (int run = 0; run < 4; run++) {
                    var expected = columns(patient, run);
                    var range = new TimeRange(expected.firstTime(), expected.lastTime() + 1);
                    try {
                        var found = await(
                                store.readings().read(expected.series(), range, Order.OLDEST_FIRST, Integer.MAX_VALUE));
                        served += found.equals(expected) ? 1 : 0;
                    } catch (PlaneException.DataLoss _) {
                        // is reported
                    }
                }
            }
        } finally {
            store.close();
        }
        return served;
    }
}
