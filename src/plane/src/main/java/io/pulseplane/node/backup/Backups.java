package io.pulseplane.node.backup;

import io.pulseplane.node.AuditTrailVerification;
import io.pulseplane.node.StoreFiles.KeySource;
import io.pulseplane.node.StoreFiles.Report;
import io.pulseplane.store.crypto.RecoveryKey;
import io.pulseplane.store.edge.backup.Backup;
import io.pulseplane.store.edge.backup.BackupCheck;
import io.pulseplane.store.edge.backup.Manifest;
import io.pulseplane.store.edge.backup.Manifest.Kind;
import io.pulseplane.store.edge.backup.Pruning;
import io.pulseplane.store.edge.backup.Restore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** Makes, checks, removes and restores backups of an edge store, and describes the result for a person. */
public final class Backups {

    static final String AUDIT = "audit";
    static final String SIGNING_KEY = "node.key";

    private static final String TOKEN_KEY = "token.key";

    /** Where the plane keeps erasures and changes of consent, if it keeps them in the directory of the backups. */
    public static final String PRIVACY_JOURNAL = "privacy.journal";

    private Backups() {}

    /**
     * Makes a backup. The plane may be running or not.
     *
     * @param kind full, differential or incremental
     * @param audit the directory of the audit trail; {@code audit} in the data directory if empty
     * @param recoveryKey a file with the public key
     */
    public static List<String> make(
            String kind, Path dataDirectory, KeySource keys, Optional<Path> audit, Path to, Path recoveryKey) {
        long start = System.nanoTime();
        var trail = audit.orElse(dataDirectory.resolve(AUDIT));
        var source = new Backup.Source(
                dataDirectory,
                keys.read(dataDirectory),
                new TrailFiles(trail),
                Map.of(
                        TOKEN_KEY,
                        dataDirectory.resolve(TOKEN_KEY),
                        AUDIT + "/" + SIGNING_KEY,
                        trail.resolve(SIGNING_KEY)));
        var result = Backup.make(
                source, to, Kind.valueOf(kind.toUpperCase(Locale.ROOT)), RecoveryKey.Public.read(recoveryKey));
        var manifest = result.manifest();
        double seconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
        return List.of(
                describe(manifest),
                String.format(
                        Locale.ROOT,
                        "read %d bytes, wrote %d in %.2f s: %.0f MB/s",
                        result.bytesRead(),
                        manifest.blockBytes()
                                + manifest.index().bytes()
                                + manifest.keys().bytes(),
                        seconds,
                        result.bytesRead() / seconds / 1e6),
                "digest " + manifest.digest() + "; kept elsewhere, it proves this backup and all before it");
    }

    private static String describe(Manifest manifest) {
        var counts = manifest.counts();
        return String.format(
                Locale.ROOT,
                "backup %d, %s, made %s: %d readings of %d patients",
                manifest.number(),
                manifest.kind().name().toLowerCase(Locale.ROOT),
                Instant.EPOCH.plus(manifest.madeAt(), ChronoUnit.MICROS),
                counts.get("chunk-readings") + counts.get("journal-readings"),
                counts.get("patients"));
    }

    public static List<String> list(Path from) {
        var lines = new ArrayList<String>();
        for (var manifest : BackupCheck.list(from)) {
            lines.add(describe(manifest) + "; " + manifest.blockBytes() + " bytes of its own, needs " + manifest.uses()
                    + ", digest " + manifest.digest());
        }
        return lines;
    }

    /**
     * Reads all backups. Needs no key.
     *
     * @param digest of a backup, kept elsewhere, that must be among them
     */
    public static Report verify(Path from, Optional<String> digest) {
        var report = BackupCheck.check(from);
        var lines = new ArrayList<String>();
        report.findings().forEach(finding -> lines.add("damaged: " + finding));
        boolean isFound = digest.isEmpty()
                || report.backups().stream()
                        .anyMatch(manifest -> manifest.digest().equals(digest.get()));
        if (!isFound) {
            lines.add("damaged: no backup has the digest " + digest.get());
        }
        boolean isIntact = report.isIntact() && isFound;
        if (isIntact) {
            lines.add("intact: " + report.backups().size() + " backups, " + report.bytes() + " bytes read");
        }
        report.notes().forEach(note -> lines.add("note: " + note));
        return new Report(isIntact, lines);
    }

    /** How many backups of each kind stay, see {@link Pruning.Keep}. */
    public record Keep(int last, int daily, int weekly, int monthly) {}

    public static List<String> prune(Path from, Keep keep) {
        var removed = Pruning.prune(from, new Pruning.Keep(keep.last, keep.daily, keep.weekly, keep.monthly));
        var lines = new ArrayList<String>();
        removed.forEach(manifest -> lines.add("removed " + describe(manifest)));
        lines.add("backups: " + BackupCheck.list(from).size());
        return lines;
    }

    /**
     * Makes a data directory of a backup.
     *
     * @param number of the backup; the newest if empty
     * @param privacyJournal erasures and changes of consent since; that in the directory of the backups if empty
     * @param recoveryKey a file with the private key
     * @return not intact if something was damaged in the store when it was backed up
     */
    public static Report restore(
            Path from,
            OptionalInt number,
            Path to,
            Path recoveryKey,
            boolean writesNodeKey,
            Optional<Path> privacyJournal) {
        var journal = privacyJournal.or(
                () -> Optional.of(from.resolve(PRIVACY_JOURNAL)).filter(Files::exists));
        var trail = new ArrayList<String>();
        var result = Restore.restore(
                new Restore.Request(from, number, writesNodeKey, journal),
                to,
                RecoveryKey.Private.read(recoveryKey),
                directory -> checkTrail(directory.resolve(AUDIT), trail));
        var lines = new ArrayList<String>();
        lines.add("restored " + describe(result.manifest()));
        lines.addAll(trail);
        lines.add(
                journal.isEmpty()
                        ? "no privacy journal: later erasures and changes of consent are not known here"
                        : "erased again: " + result.replayed().erased() + ", consents withdrawn: "
                                + result.replayed().withdrawn());
        result.findings().forEach(finding -> lines.add("damaged when it was backed up: " + finding));
        return new Report(result.findings().isEmpty(), lines);
    }

    private static List<String> checkTrail(Path directory, List<String> description) {
        if (Files.notExists(directory.resolve("node.pub"))) {
            description.add("the backup has no audit trail");
            return List.of();
        }
        var report = AuditTrailVerification.verify(directory, Optional.empty(), Optional.empty());
        if (report.succeeded()) {
            report.lines().forEach(line -> description.add("audit trail: " + line));
            return List.of();
        }
        return report.lines();
    }
}
