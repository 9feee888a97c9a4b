package io.pulseplane.coherence;

import io.pulseplane.coherence.SiteEvents.LookupOutcome;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.crypto.Aead;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The latest readings of subjects in Redis, sealed, for all planes of the site.
 *
 * <p>How nothing old gets over something newer: in the place of a subject there is a value, a mark that says that there is
 * none, or nothing. A mark is random, and never the same twice.
 *
 * <ul>
 *   <li>Who has stored readings puts a mark of its own there, whatever there is, before it tells anybody; if a value was
 *       there, it then puts the value with the new readings in the place of its mark.
 *   <li>Who finds no value makes sure that there is a mark, then asks the store, then puts the answer there.
 *   <li>Whatever is put in the place of something is only put there if that is what is still there.
 * </ul>
 *
 * So an answer from the store that is older than a write finds the mark of that write, or finds nothing of what it expects;
 * in whatever order commands reach Redis, however late. If a mark cannot be put there, the plane gives up the generation:
 * the names of all values change, and no plane trusts values before all planes say they have the new names. Values that
 * Redis lost, or that came back with an old master or an old dump, are of an old generation too, as losing a connection
 * begins a new one.
 */
final class RedisLatestCache {

    private static final int PLACEHOLDER_BYTES = 17;
    private static final byte PLACEHOLDER = 0;

    private record Slot(String key, Subject subject) {}

    private final RedisSettings settings;
    private final RedisCommands commands;
    private final ReadBatcher readBatcher;
    private final Aead aead;
    private final Freshness freshness;
    private final SiteEvents events;
    private final SecureRandom random = new SecureRandom();

    /** @param values where they are read from, as {@code commands} would */
    RedisLatestCache(
            RedisSettings settings,
            RedisCommands commands,
            ReadBatcher values,
            Aead seal,
            Freshness standing,
            SiteEvents events) {
        this.settings = settings;
        this.commands = commands;
        this.readBatcher = values;
        this.aead = seal;
        this.freshness = standing;
        this.events = events;
    }

    private Slot slot(Subject subject, long generation) {
        var kind =
                switch (subject) {
                    case Subject.OfPatient _ -> "patient ";
                    case Subject.OfDevice _ -> "device ";
                };
        return new Slot(settings.keyPrefix() + ":latest:" + aead.pseudonym(kind + generation, subject.id()), subject);
    }

    /** A mark may begin like no sealed text. */
    private byte[] newPlaceholder() {
        var mark = new byte[PLACEHOLDER_BYTES];
        random.nextBytes(mark);
        mark[0] = PLACEHOLDER;
        return mark;
    }

    /** From Redis if it can be trusted and has it in time, else from the store. */
    LatestSource latestSource(Store store, Site site) {
        var stored = LatestSource.of(store, site);
        return subject -> Uni.createFrom().deferred(() -> {
            long asOf = freshness.confirmedUpTo();
            long generation = freshness.trustedGeneration();
            if (asOf == 0 || generation == 0) {
                events.lookedUp(LookupOutcome.BYPASSED);
                return stored.latest(subject);
            }
            var place = slot(subject, generation);
            return Uni.createFrom().completionStage(() -> lookUp(place)).chain(look -> switch (look) {
                case LookupResult.Hit(var readings) -> Uni.createFrom().item(new LatestSource.Snapshot(readings, asOf));
                case LookupResult.Miss(var mark) ->
                    stored.latest(subject).invoke(found -> putIfUnchanged(place, mark, found.readings()));
                case LookupResult.Failure() -> stored.latest(subject);
            });
        });
    }

    private sealed interface LookupResult {
        record Hit(List<Reading> readings) implements LookupResult {}

        /** @param expected what is there; to be replaced by what the store says */
        record Miss(byte[] expected) implements LookupResult {}

        record Failure() implements LookupResult {}
    }

    /** Never fails. */
    private CompletionStage<LookupResult> lookUp(Slot place) {
        return readBatcher
                .get(place.key)
                .thenCompose(there -> there == null
                        ? putPlaceholder(place)
                        : CompletableFuture.completedStage(toLookupResult(place, there)))
                .exceptionally(_ -> {
                    events.lookedUp(LookupOutcome.FAILED);
                    return new LookupResult.Failure();
                });
    }

    private CompletionStage<LookupResult> putPlaceholder(Slot place) {
        var mark = newPlaceholder();
        return commands.setIfAbsent(place.key, mark, settings.valueTtls().placeholderTtl())
                .thenApply(done -> {
                    events.lookedUp(LookupOutcome.MISS);
                    return done ? new LookupResult.Miss(mark) : new LookupResult.Failure();
                });
    }

    private LookupResult toLookupResult(Slot place, byte[] there) {
        if (isPlaceholder(there)) {
            events.lookedUp(LookupOutcome.MISS);
            return new LookupResult.Miss(there);
        }
        var readings = open(place, there);
        if (readings == null) {
            events.lookedUp(LookupOutcome.FORGED);
            return new LookupResult.Miss(there);
        }
        events.lookedUp(LookupOutcome.HIT);
        return new LookupResult.Hit(readings);
    }

    private static boolean isPlaceholder(byte[] there) {
        return there.length == PLACEHOLDER_BYTES && there[0] == PLACEHOLDER;
    }

    /** Null if this was not sealed for this place, or is of others. */
    private List<Reading> open(Slot place, byte[] there) {
        var readings = aead.open(place.key, there).flatMap(ReadingCodec::decode).orElse(null);
        return readings == null
                        || readings.isEmpty()
                        || !readings.stream().allMatch(r -> place.subject.covers(r.series()))
                ? null
                : readings;
    }

    /** Puts it there if nobody has changed what was there; nobody waits for it. */
    private void putIfUnchanged(Slot place, byte[] instead, Collection<Reading> readings) {
        // Of somebody who was never measured there may not even be a patient: that is for the store to say.
        if (instead.length > 0 && !readings.isEmpty()) {
            var sealed = aead.seal(place.key, ReadingCodec.encode(readings));
            commands.compareAndSet(
                    place.key, instead, sealed, settings.valueTtls().valueTtl());
        }
    }

    /** These readings are durable now: when this ends well, no value is there that has not got them. */
    CompletionStage<Void> invalidate(Collection<Reading> readings, long generation) {
        var bySubject = new LinkedHashMap<Subject, List<Reading>>();
        for (var reading : readings) {
            add(bySubject, new Subject.OfPatient(reading.series().patient()), reading);
            add(bySubject, new Subject.OfDevice(reading.series().device()), reading);
        }
        var marked = new ArrayList<CompletableFuture<Void>>(bySubject.size());
        bySubject.forEach((subject, fresh) ->
                marked.add(invalidate(slot(subject, generation), fresh).toCompletableFuture()));
        return CompletableFuture.allOf(marked.toArray(CompletableFuture[]::new));
    }

    private static void add(Map<Subject, List<Reading>> bySubject, Subject subject, Reading reading) {
        bySubject.computeIfAbsent(subject, _ -> new ArrayList<>()).add(reading);
    }

    private CompletionStage<Void> invalidate(Slot place, List<Reading> fresh) {
        var mark = newPlaceholder();
        return commands.getAndSet(place.key, mark, settings.valueTtls().placeholderTtl())
                .thenAccept(there -> {
                    if (there != null && !isPlaceholder(there)) {
                        var known = open(place, there);
                        if (known != null) {
                            putIfUnchanged(place, mark, merged(known, fresh));
                        }
                    }
                });
    }

    private static Collection<Reading> merged(List<Reading> known, List<Reading> fresh) {
        var latest = HashMap.<Series, Reading>newHashMap(known.size() + fresh.size());
        known.forEach(reading -> latest.put(reading.series(), reading));
        fresh.forEach(reading -> latest.merge(reading.series(), reading, (a, b) -> b.time() > a.time() ? b : a));
        return latest.values();
    }
}
