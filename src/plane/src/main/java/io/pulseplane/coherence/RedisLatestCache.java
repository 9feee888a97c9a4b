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
 * Caches the latest readings of subjects in Redis, sealed, for all planes of the site.
 *
 * <p>The key of a subject holds a value, a placeholder, or nothing. A placeholder says that there is no value; it is
 * random and never repeats. Three rules keep an old value from replacing a newer one:
 *
 * <ul>
 *   <li>A plane that has stored readings first sets a placeholder of its own, whatever the key holds, and only then
 *       announces the readings. If the key held a value, the plane then replaces its placeholder with that value plus
 *       the new readings.
 *   <li>A plane that finds no value sets a placeholder if there is none, then reads the store, then sets the result.
 *   <li>A plane replaces a placeholder or a value only if the key still holds it.
 * </ul>
 *
 * So a result of the store that is older than a write finds the placeholder of that write, or not what it expects, in
 * whatever order and however late commands reach Redis. If a plane cannot set its placeholder, it begins a new
 * generation: the keys of all values change, and no plane trusts values until all planes have announced the new
 * generation. A plane also begins one when it loses its connection. So values that Redis lost, or that came back with
 * an old master or an old dump, belong to an old generation.
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

    /** @param readBatcher reads values through {@code commands} */
    RedisLatestCache(
            RedisSettings settings,
            RedisCommands commands,
            ReadBatcher readBatcher,
            Aead aead,
            Freshness freshness,
            SiteEvents events) {
        this.settings = settings;
        this.commands = commands;
        this.readBatcher = readBatcher;
        this.aead = aead;
        this.freshness = freshness;
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

    /** The first byte distinguishes a placeholder from a sealed text. */
    private byte[] newPlaceholder() {
        var placeholder = new byte[PLACEHOLDER_BYTES];
        random.nextBytes(placeholder);
        placeholder[0] = PLACEHOLDER;
        return placeholder;
    }

    /** Looks up readings in Redis if its values are trusted and it replies in time, else in the store. */
    LatestSource latestSource(Store store, Site site) {
        var stored = LatestSource.of(store, site);
        return subject -> Uni.createFrom().deferred(() -> {
            long asOf = freshness.confirmedUpTo();
            long generation = freshness.trustedGeneration();
            if (asOf == 0 || generation == 0) {
                events.lookedUp(LookupOutcome.BYPASSED);
                return stored.latest(subject);
            }
            var slot = slot(subject, generation);
            return Uni.createFrom().completionStage(() -> lookUp(slot)).chain(result -> switch (result) {
                case LookupResult.Hit(var readings) -> Uni.createFrom().item(new LatestSource.Snapshot(readings, asOf));
                case LookupResult.Miss(var placeholder) ->
                    stored.latest(subject).invoke(snapshot -> putIfUnchanged(slot, placeholder, snapshot.readings()));
                case LookupResult.Failure() -> stored.latest(subject);
            });
        });
    }

    private sealed interface LookupResult {
        record Hit(List<Reading> readings) implements LookupResult {}

        /** @param expected what the key holds; to be replaced by the result of the store */
        record Miss(byte[] expected) implements LookupResult {}

        record Failure() implements LookupResult {}
    }

    /** Never fails. */
    private CompletionStage<LookupResult> lookUp(Slot slot) {
        return readBatcher
                .get(slot.key)
                .thenCompose(current -> current == null
                        ? putPlaceholder(slot)
                        : CompletableFuture.completedStage(toLookupResult(slot, current)))
                .exceptionally(_ -> {
                    events.lookedUp(LookupOutcome.FAILED);
                    return new LookupResult.Failure();
                });
    }

    private CompletionStage<LookupResult> putPlaceholder(Slot slot) {
        var placeholder = newPlaceholder();
        return commands.setIfAbsent(slot.key, placeholder, settings.valueTtls().placeholderTtl())
                .thenApply(wasSet -> {
                    events.lookedUp(LookupOutcome.MISS);
                    return wasSet ? new LookupResult.Miss(placeholder) : new LookupResult.Failure();
                });
    }

    private LookupResult toLookupResult(Slot slot, byte[] current) {
        if (isPlaceholder(current)) {
            events.lookedUp(LookupOutcome.MISS);
            return new LookupResult.Miss(current);
        }
        var readings = open(slot, current);
        if (readings == null) {
            events.lookedUp(LookupOutcome.FORGED);
            return new LookupResult.Miss(current);
        }
        events.lookedUp(LookupOutcome.HIT);
        return new LookupResult.Hit(readings);
    }

    private static boolean isPlaceholder(byte[] current) {
        return current.length == PLACEHOLDER_BYTES && current[0] == PLACEHOLDER;
    }

    /** Null if the text was not sealed for this key, or if it has readings of other subjects. */
    private List<Reading> open(Slot slot, byte[] current) {
        var readings =
                aead.open(slot.key, current).flatMap(ReadingCodec::decode).orElse(null);
        return readings == null
                        || readings.isEmpty()
                        || !readings.stream().allMatch(r -> slot.subject.covers(r.series()))
                ? null
                : readings;
    }

    /** Sets the value if the key still holds the expected one. The caller does not wait for it. */
    private void putIfUnchanged(Slot slot, byte[] expected, Collection<Reading> readings) {
        // A subject without readings may not be registered. Only the store knows, so this is not cached.
        if (expected.length > 0 && !readings.isEmpty()) {
            var sealed = aead.seal(slot.key, ReadingCodec.encode(readings));
            commands.compareAndSet(
                    slot.key, expected, sealed, settings.valueTtls().valueTtl());
        }
    }

    /** Invalidates the values of durable readings. When this succeeds, no value in Redis lacks these readings. */
    CompletionStage<Void> invalidate(Collection<Reading> readings, long generation) {
        var bySubject = new LinkedHashMap<Subject, List<Reading>>();
        for (var reading : readings) {
            add(bySubject, new Subject.OfPatient(reading.series().patient()), reading);
            add(bySubject, new Subject.OfDevice(reading.series().device()), reading);
        }
        var invalidations = new ArrayList<CompletableFuture<Void>>(bySubject.size());
        bySubject.forEach((subject, fresh) ->
                invalidations.add(invalidate(slot(subject, generation), fresh).toCompletableFuture()));
        return CompletableFuture.allOf(invalidations.toArray(CompletableFuture[]::new));
    }

    private static void add(Map<Subject, List<Reading>> bySubject, Subject subject, Reading reading) {
        bySubject.computeIfAbsent(subject, _ -> new ArrayList<>()).add(reading);
    }

    private CompletionStage<Void> invalidate(Slot slot, List<Reading> fresh) {
        var placeholder = newPlaceholder();
        return commands.getAndSet(slot.key, placeholder, settings.valueTtls().placeholderTtl())
                .thenAccept(current -> {
                    if (current != null && !isPlaceholder(current)) {
                        var cached = open(slot, current);
                        if (cached != null) {
                            putIfUnchanged(slot, placeholder, merged(cached, fresh));
                        }
                    }
                });
    }

    private static Collection<Reading> merged(List<Reading> cached, List<Reading> fresh) {
        var latest = HashMap.<Series, Reading>newHashMap(cached.size() + fresh.size());
        cached.forEach(reading -> latest.put(reading.series(), reading));
        fresh.forEach(reading -> latest.merge(reading.series(), reading, (a, b) -> b.time() > a.time() ? b : a));
        return latest.values();
    }
}
