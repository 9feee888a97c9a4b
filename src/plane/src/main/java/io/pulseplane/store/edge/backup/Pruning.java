package io.pulseplane.store.edge.backup;

import io.pulseplane.store.LockedDirectory;
import io.pulseplane.store.edge.backup.Manifest.Kind;
import io.pulseplane.store.edge.backup.Manifest.Link;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Removes backups that are not to be kept. The newest and the newest full backup always stay, and so does every backup
 * whose blocks one of those needs that stay.
 */
public final class Pruning {

    /**
     * Which backups stay: the newest ones, and the newest of each of the last days, weeks and months that have one, in
     * UTC.
     */
    public record Keep(int last, int daily, int weekly, int monthly) {}

    private Pruning() {}

    /**
     * Removes backups, and returns those that it removed. Blocks.
     *
     * @throws PlaneException.DataLoss if a manifest is damaged; nothing is removed then
     */
    public static List<Manifest> prune(Path from, Keep keep) {
        return prune(from, keep, new Disk());
    }

    static List<Manifest> prune(Path from, Keep keep, Disk disk) {
        BackupCheck.requireDirectory(from);
        try (var locked = LockedDirectory.acquire(from, "backup directory")) {
            var directory = new BackupDirectory(locked.path());
            var manifests = directory.manifests();
            if (manifests.isEmpty()) {
                throw BackupCheck.noBackup();
            }
            var kept = kept(manifests, keep);
            var removed = manifests.values().stream()
                    .filter(manifest -> !kept.contains(manifest.number()))
                    .toList();
            var links = new ArrayList<>(directory.removed());
            removed.forEach(manifest -> links.add(new Link(manifest.number(), manifest.digest())));
            directory.writeRemoved(disk, links);
            // A backup needs earlier ones only, so after a power cut no backup is left that needs a removed one.
            for (var manifest : removed.reversed()) {
                disk.delete(directory.file(manifest.number(), BackupDirectory.MANIFEST));
                disk.syncDirectory(directory.path());
            }
            directory.deleteLeftovers(disk);
            return removed;
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the backups cannot be removed: " + e.getMessage(), e);
        }
    }

    private static Set<Integer> kept(NavigableMap<Integer, Manifest> manifests, Keep keep) {
        var newestFirst = List.copyOf(manifests.descendingMap().values());
        var kept = new TreeSet<Integer>();
        kept.add(newestFirst.getFirst().number());
        newestFirst.stream()
                .filter(manifest -> manifest.kind() == Kind.FULL)
                .findFirst()
                .ifPresent(manifest -> kept.add(manifest.number()));
        newestFirst.stream().limit(keep.last).forEach(manifest -> kept.add(manifest.number()));
        keepNewestOfEach(newestFirst, keep.daily, day -> day, kept);
        keepNewestOfEach(
                newestFirst,
                keep.weekly,
                day -> 100 * day.get(IsoFields.WEEK_BASED_YEAR) + day.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR),
                kept);
        keepNewestOfEach(newestFirst, keep.monthly, day -> day.withDayOfMonth(1), kept);
        for (int number : List.copyOf(kept)) {
            kept.addAll(manifests.get(number).uses());
        }
        return kept;
    }

    private static void keepNewestOfEach(
            List<Manifest> newestFirst, int periods, Function<LocalDate, Object> periodOf, Set<Integer> kept) {
        var seen = new HashSet<>();
        for (var manifest : newestFirst) {
            var day = Instant.EPOCH
                    .plus(manifest.madeAt(), ChronoUnit.MICROS)
                    .atOffset(ZoneOffset.UTC)
                    .toLocalDate();
            if (seen.size() < periods && seen.add(periodOf.apply(day))) {
                kept.add(manifest.number());
            }
        }
    }
}
