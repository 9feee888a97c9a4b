package io.pulseplane.cli;

import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.edge.EdgeStore;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreCommandTest {

    @TempDir
    Path directory;

    private record Run(int status, String out, String err) {}

    private Run store(String action, String... options) {
        var out = new StringWriter();
        var err = new StringWriter();
        var words = new ArrayList<>(List.of("store", action, "--data-dir", directory.toString()));
        words.addAll(List.of(options));
        var arguments = words.toArray(String[]::new);
        int status = Pulseplane.commandLine(arguments)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new Run(status, out.toString(), err.toString());
    }

    private EdgeStore open() {
        return EdgeStore.open(directory, 1, () -> 1_763_000_000_000_000L);
    }

    @BeforeEach
    void store_two_batches_in_the_journal() {
        var store = open();
        appendAll(store, regularColumns(1_000_000, 30, series("ada", "d1", ReadingFixtures.HEART_RATE)));
        appendAll(store, regularColumns(1_000_000, 30, series("bob", "d2", ReadingFixtures.HEART_RATE)));
        store.close();
    }

    @Test
    void inspects_beside_a_plane_that_has_the_store_open() {
        var store = open();
        try {
            var run = store("inspect");
            assertThat(run.status()).as(run.err()).isZero();
            assertThat(run.out().lines().map(line -> line.replaceAll(" +", " ")))
                    .contains(
                            "patients 2",
                            "chunks 0",
                            "journal: batches 2",
                            "journal: readings 60",
                            "oldest in chunks -");
            assertThat(store("verify").status()).isZero();
        } finally {
            store.close();
        }
    }

    @Test
    void compacts_and_reports_what_was_done() {
        var run = store("compact");
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out().lines()).contains("batches moved from the journal to chunks: 2", "chunks: 0, now 2");
        var json = store("inspect", "--json").out();
        assertThat(json.lines()).hasSize(1);
        assertThat(json)
                .contains("\"chunks\":2,", "\"journalBatches\":0,", "\"oldestUs\":1000000,", "\"newestUs\":30000000,");
        assertThat(store("inspect").out()).contains("1970-01-01");
        assertThat(store("verify").out()).startsWith("intact: 60 readings in 2 chunks");
    }

    @Test
    void refuses_to_compact_a_store_that_a_plane_has_open() {
        var store = open();
        try {
            var run = store("compact");
            assertThat(run.status()).isEqualTo(1);
            assertThat(run.err()).contains("pulseplane: another plane has the data directory open");
        } finally {
            store.close();
        }
    }

    @Test
    void reads_the_node_key_from_a_file_or_a_command() throws Exception {
        var key = directory.resolve("elsewhere.key");
        Files.move(directory.resolve("node.key"), key);
        assertThat(store("verify").status()).isEqualTo(1);
        assertThat(directory.resolve("node.key")).doesNotExist();
        assertThat(store("verify", "--node-key-file", key.toString()).status()).isZero();
        assertThat(store("verify", "--node-key-command", "cat " + key).status()).isZero();
        assertThat(store("compact", "--node-key-command", "cat " + key).status())
                .isZero();
        assertThat(store("verify", "--node-key-command", "false").err())
                .contains("the command for the key of the node ended with 1");
        // Inspection without a key leaves out the readings in the journal.
        assertThat(store("inspect").status()).isZero();
    }

    @Test
    void reports_damage_and_a_missing_store() throws Exception {
        store("compact");
        var file = directory.resolve("pulseplane.db");
        var bytes = Files.readAllBytes(file);
        // The last pages are in use: they have chunks, an index or receipts.
        for (int i = bytes.length - 8_192; i < bytes.length; i++) {
            bytes[i] ^= 0x55;
        }
        Files.write(file, bytes);
        var run = store("verify");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).isNotBlank().doesNotContain("\tat ");

        Files.delete(file);
        var missing = store("inspect");
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err()).contains("pulseplane: there is no edge store in this directory");
    }

    @Test
    void salvages_a_damaged_store_into_a_new_one_and_says_what_is_lost() throws Exception {
        var to = directory.resolve("to");
        var whole = salvage(to);
        assertThat(whole.status()).as(whole.err()).isZero();
        assertThat(whole.out()).startsWith("salvaged: 0 readings in 0 chunks, 2 batches in the journal, 2 patients");
        var store = EdgeStore.open(to, 1, () -> 1_763_000_000_000_000L);
        store.close();
        var bytes = Files.readAllBytes(directory.resolve("pulseplane.db"));
        Arrays.fill(bytes, 0, 4_096, (byte) 0);
        Files.write(directory.resolve("pulseplane.db"), bytes);
        var damaged = salvage(directory.resolve("again"));
        assertThat(damaged.status()).isEqualTo(1);
        assertThat(damaged.out()).contains("lost: damaged pages of ").contains("2 batches in the journal");
        var again = salvage(to);
        assertThat(again.status()).isEqualTo(1);
        assertThat(again.err()).isEqualTo("pulseplane: the directory for the new store is not empty\n");
    }

    private Run salvage(Path to) {
        var out = new StringWriter();
        var err = new StringWriter();
        String[] arguments = {"store", "salvage", "--from", directory.toString(), "--to", to.toString()};
        int status = Pulseplane.commandLine(arguments)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new Run(status, out.toString(), err.toString());
    }
}
