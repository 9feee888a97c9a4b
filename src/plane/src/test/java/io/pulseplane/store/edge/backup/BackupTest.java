package io.pulseplane.store.edge.backup;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.store.edge.backup.BackupFixtures.NOW;
import static io.pulseplane.store.edge.backup.BackupFixtures.append;
import static io.pulseplane.store.edge.backup.BackupFixtures.read;
import static io.pulseplane.store.edge.backup.BackupFixtures.readings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Consent;
import io.pulseplane.store.crypto.RecoveryKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.store.edge.RestoreMark;
import io.pulseplane.store.edge.backup.Manifest.Kind;
import io.pulseplane.store.edge.backup.Pruning.Keep;
import io.pulseplane.store.edge.maintenance.Verification;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {

    @TempDir
    Path root;

    private BackupFixtures fixtures;

    @BeforeEach
    void make_fixtures() throws Exception {
        fixtures = new BackupFixtures(root);
    }

    private static Consent consent(String patient, boolean granted, long from) {
        return new Consent(0, patient, granted, from, OptionalLong.empty(), List.of(), "nurse", 0);
    }

    private EdgeStore openRestored(Path directory) {
        return EdgeStore.open(directory, 1, () -> NOW);
    }

    private void assertHasBatches(Path directory, int from, int to) {
        var store = openRestored(directory);
        try {
            for (int number = from; number < to; number++) {
                assertThat(read(store, number)).as("batch " + number).isEqualTo(readings(number));
                assertThat(append(store, number)).as("batch " + number).isInstanceOf(AppendResult.Repeated.class);
            }
        } finally {
            store.close();
        }
        assertThat(Verification.verify(directory, fixtures.nodeKey()).findings())
                .isEmpty();
    }

    @Test
    void a_restored_store_has_what_was_acknowledged_before_the_backup_in_journal_and_chunks() throws IOException {
        var store = fixtures.open();
        Manifest manifest;
        try {
            store.claimAuditDirectory(fixtures.data.resolve("audit"));
            for (int number = 0; number < 8; number++) {
                append(store, number);
            }
            await(store.compact());
            for (int number = 8; number < 16; number++) {
                append(store, number);
            }
            manifest = fixtures.backUp(Kind.FULL);
            append(store, 16);
        } finally {
            store.close();
        }
        var to = root.resolve("restored");
        var result = fixtures.restore(fixtures.newest(), to);
        assertThat(result.findings()).isEmpty();
        assertThat(manifest.counts()).containsEntry("patients", 4L).containsEntry("journal-batches", 8L);
        assertHasBatches(to, 0, 16);
        var restored = openRestored(to);
        try {
            assertThat(append(restored, 16)).as("after the backup").isInstanceOf(AppendResult.Stored.class);
            assertThat(restored.restoredFrom().orElseThrow()).startsWith("backup 1 of ");
            restored.forgetRestore();
            assertThat(restored.restoredFrom()).isEmpty();
        } finally {
            restored.close();
        }
        assertThat(Files.readString(to.resolve("audit/store.id")))
                .isEqualTo(Files.readString(fixtures.data.resolve("audit/store.id")));
    }

    @Test
    void an_incremental_backup_has_what_changed_and_a_differential_one_what_changed_since_the_full_one()
            throws IOException {
        var store = fixtures.open();
        try {
            for (int number = 0; number < 400; number++) {
                append(store, number);
            }
            await(store.compact());
            var full = fixtures.backUp(Kind.FULL);
            append(store, 400);
            var second = fixtures.backUp(Kind.INCREMENTAL);
            append(store, 401);
            var third = fixtures.backUp(Kind.INCREMENTAL);
            append(store, 402);
            var fourth = fixtures.backUp(Kind.DIFFERENTIAL);
            assertThat(second.uses()).containsExactly(1, 2);
            assertThat(third.uses()).contains(1, 3);
            assertThat(fourth.uses()).containsExactly(1, 4);
            assertThat(second.blockBytes()).isLessThan(full.blockBytes());
        } finally {
            store.close();
        }
        for (int number = 1; number <= 4; number++) {
            var to = root.resolve("restored" + number);
            fixtures.restore(fixtures.request(OptionalInt.of(number)), to);
            assertHasBatches(to, 395, 399 + number);
        }
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
    }

    @Test
    void ingest_goes_on_during_a_backup_and_the_backup_has_all_that_came_before_it() throws Exception {
        var store = fixtures.open();
        var appended = new AtomicInteger();
        var stops = new AtomicBoolean();
        var device = new Thread(() -> {
            while (!stops.get()) {
                append(store, appended.get());
                appended.incrementAndGet();
            }
        });
        try {
            for (int number = 0; number < 100; number++) {
                append(store, appended.getAndIncrement());
            }
            device.start();
            for (int i = 0; i < 5; i++) {
                int before = appended.get();
                var manifest = fixtures.backUp(i == 0 ? Kind.FULL : Kind.INCREMENTAL);
                int after = appended.get();
                var to = root.resolve("restored" + i);
                fixtures.restore(fixtures.newest(), to);
                assertThat(manifest.counts().get("journal-batches")).isBetween((long) before, after + 1L);
                assertHasBatches(to, 0, before);
            }
        } finally {
            stops.set(true);
            device.join();
            store.close();
        }
        assertThat(appended.get()).isGreaterThan(105);
    }

    @Test
    void a_patient_who_was_erased_after_the_backup_is_erased_in_the_restored_store() throws IOException {
        var store = fixtures.open();
        try {
            for (int number = 0; number < 8; number++) {
                append(store, number);
            }
            await(store.registry().putConsent(consent("p2", true, 10)));
            fixtures.backUp(Kind.FULL);
            await(store.registry().erasePatient("p1"));
            await(store.registry().putConsent(consent("p2", false, 20)));
        } finally {
            store.close();
        }
        var to = root.resolve("restored");
        var result = fixtures.restore(fixtures.newest(), to);
        assertThat(result.replayed().erased()).isEqualTo(1);
        var restored = openRestored(to);
        try {
            assertThat(await(restored.readings().series(new Subject.OfPatient("p1"))))
                    .isEmpty();
            assertThat(await(restored.registry().erasureTime("p1"))).isPresent();
            assertThat(append(restored, 9)).isEqualTo(new AppendResult.PatientErased());
            assertThat(read(restored, 0)).isEqualTo(readings(0));
        } finally {
            restored.close();
        }
    }

    @Test
    void a_consent_that_was_withdrawn_after_the_backup_is_withdrawn_in_the_restored_store() {
        var clock = new AtomicInteger();
        var store = EdgeStore.open(
                fixtures.data,
                EdgeSettings.of(1).withPrivacyJournal(fixtures.privacyJournal),
                () -> NOW + clock.incrementAndGet());
        try {
            append(store, 2);
            await(store.registry().putConsent(consent("p2", true, 10)));
            fixtures.backUp(Kind.FULL);
            await(store.registry().putConsent(consent("p2", false, 20)));
        } finally {
            store.close();
        }
        var to = root.resolve("restored");
        assertThat(fixtures.restore(fixtures.newest(), to).replayed().withdrawn())
                .isEqualTo(1);
        var restored = openRestored(to);
        try {
            assertThat(await(restored.registry().consent("p2")).orElseThrow().granted())
                    .isFalse();
        } finally {
            restored.close();
        }
    }

    @Test
    void the_next_backup_takes_the_key_of_an_erased_patient_out_of_all_earlier_ones() throws IOException {
        var store = fixtures.open();
        try {
            for (int number = 0; number < 8; number++) {
                append(store, number);
            }
            fixtures.backUp(Kind.FULL);
            await(store.registry().erasePatient("p1"));
            fixtures.backUp(Kind.INCREMENTAL);
        } finally {
            store.close();
        }
        Files.delete(fixtures.privacyJournal);
        assertThat(fixtures.backups.resolve("000001.keys")).doesNotExist();
        var to = root.resolve("restored");
        fixtures.restore(fixtures.request(OptionalInt.of(1)), to);
        var restored = openRestored(to);
        try {
            assertThat(await(restored.readings().series(new Subject.OfPatient("p1"))))
                    .isEmpty();
            assertThat(append(restored, 9)).isEqualTo(new AppendResult.PatientErased());
            assertThat(read(restored, 4)).isEqualTo(readings(4));
        } finally {
            restored.close();
        }
    }

    @Test
    void backups_go_on_after_a_restore() {
        var store = fixtures.open();
        try {
            append(store, 0);
            fixtures.backUp(Kind.FULL);
            append(store, 1);
            fixtures.backUp(Kind.INCREMENTAL);
        } finally {
            store.close();
        }
        var restored = root.resolve("restored");
        fixtures.restore(fixtures.request(OptionalInt.of(1)), restored);
        var again = openRestored(restored);
        try {
            append(again, 2);
            var source = new Backup.Source(restored, fixtures.nodeKey(), Map::of, Map.of());
            Backup.make(source, fixtures.backups, Kind.INCREMENTAL, RecoveryKey.Public.read(fixtures.publicKey));
        } finally {
            again.close();
        }
        var to = root.resolve("again");
        fixtures.restore(fixtures.newest(), to);
        var last = openRestored(to);
        try {
            assertThat(append(last, 0)).isInstanceOf(AppendResult.Repeated.class);
            assertThat(append(last, 1)).as("came after the restored backup").isInstanceOf(AppendResult.Stored.class);
            assertThat(append(last, 2)).isInstanceOf(AppendResult.Repeated.class);
        } finally {
            last.close();
        }
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
    }

    @Test
    void a_backup_shows_nothing_without_the_recovery_key() throws Exception {
        var store = fixtures.open();
        try {
            append(store, 0);
            fixtures.backUp(Kind.FULL);
        } finally {
            store.close();
        }
        var nodeKey = Files.readString(fixtures.data.resolve("node.key")).strip();
        try (var files = Files.list(fixtures.backups)) {
            for (var file : files.toList()) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(nodeKey);
            }
        }
        var otherPublic = root.resolve("other.pub");
        var otherPrivate = root.resolve("other.key");
        BackupFixtures.writeRecoveryKey(otherPublic, otherPrivate);
        assertThatThrownBy(() -> Restore.restore(
                        fixtures.newest(),
                        root.resolve("restored"),
                        RecoveryKey.Private.read(otherPrivate),
                        _ -> List.of()))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("sealed for the recovery key");
    }

    @Test
    void refuses_a_directory_that_is_not_empty_and_one_of_another_store() throws Exception {
        var store = fixtures.open();
        try {
            append(store, 0);
            assertThatThrownBy(() -> fixtures.backUp(Kind.INCREMENTAL))
                    .isInstanceOf(PlaneException.FailedPrecondition.class)
                    .hasMessageContaining("no full backup");
            fixtures.backUp(Kind.FULL);
        } finally {
            store.close();
        }
        assertThatThrownBy(() -> fixtures.restore(fixtures.newest(), fixtures.data))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("not empty");
        assertThat(fixtures.data.resolve("keys.db")).exists();
        var other = new BackupFixtures(Files.createDirectory(root.resolve("other")));
        other.open().close();
        assertThatThrownBy(() -> Backup.make(
                        other.source(), fixtures.backups, Kind.FULL, RecoveryKey.Public.read(fixtures.publicKey)))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("another store");
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
    }

    @Test
    void damaged_keys_do_not_replace_the_good_ones_of_the_last_backup() throws Exception {
        var store = fixtures.open();
        try {
            append(store, 0);
            fixtures.backUp(Kind.FULL);
        } finally {
            store.close();
        }
        RawDatabase.updateIn(
                fixtures.data.resolve("keys.db"), "UPDATE data_key SET wrapped = zeroblob(60) WHERE owner = 1");
        assertThatThrownBy(() -> fixtures.backUp(Kind.INCREMENTAL))
                .isInstanceOf(PlaneException.DataLoss.class)
                .hasMessageContaining("[1]");
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
        fixtures.restore(fixtures.newest(), root.resolve("restored"));
    }

    @Test
    void pruning_keeps_what_is_asked_for_and_what_that_needs() throws IOException {
        var store = fixtures.open();
        try {
            for (int i = 0; i < 6; i++) {
                append(store, i);
                fixtures.backUp(i % 3 == 0 ? Kind.FULL : Kind.INCREMENTAL);
            }
        } finally {
            store.close();
        }
        var removed = Pruning.prune(fixtures.backups, new Keep(2, 1, 1, 1));
        assertThat(removed).extracting(Manifest::number).containsExactly(1, 2, 3);
        try (Stream<Path> files = Files.list(fixtures.backups)) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("00000")))
                    .allMatch(name -> name.compareTo("000004") > 0);
        }
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
        fixtures.restore(fixtures.newest(), root.resolve("restored"));
        assertHasBatches(root.resolve("restored"), 0, 6);
        assertThat(Pruning.prune(fixtures.backups, new Keep(1, 0, 0, 0)))
                .as("the newest and the newest full one stay")
                .extracting(Manifest::number)
                .isSubsetOf(5);
        assertThat(BackupCheck.list(fixtures.backups))
                .extracting(Manifest::number)
                .contains(4, 6);
    }

    @Test
    void the_mark_of_a_restore_is_moved_with_the_store() {
        var store = fixtures.open();
        try {
            append(store, 0);
            fixtures.backUp(Kind.FULL);
        } finally {
            store.close();
        }
        fixtures.restore(fixtures.newest(), root.resolve("restored"));
        assertThat(root.resolve("restored").resolve(RestoreMark.FILE)).exists();
        assertThat(root.resolve("restored").resolve("restoring")).doesNotExist();
    }
}
