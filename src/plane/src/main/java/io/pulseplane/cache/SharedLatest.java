package io.pulseplane.cache;

import io.pulseplane.cache.SiteEvents.Lookup;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.seal.Seal;
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
final class SharedLatest {

    private static final int MARK_BYTES = 17;
    private static final byte MARK = 0;

    private record Place(String key, Subject subject) {}

    private final RedisSettings settings;
    private final Commands commands;
    private final Gathering values;
    private final Seal seal;
    private final Standing standing;
    private final SiteEvents events;
    private final SecureRandom random = new SecureRandom();

    /** @param values where they are read from, as {@code commands} would */
    SharedLatest(
            RedisSettings settings,
            Commands commands,
            Gathering values,
            Seal seal,
            Standing standing,
            SiteEvents events) {
        this.settings = settings;
        this.commands = commands;
        this.values = values;
        this.seal = seal;
        this.standing = standing;
        this.events = events;
    }

    private Place place(Subject subject, long generation) {
        var kind =
                switch (subject) {
                    case Subject.OfPatient _ -> "patient ";
                    case Subject.OfDevice _ -> "device ";
                };
        return new Place(settings.prefix() + ":latest:" + seal.name(kind + generation, subject.id()), subject);
    }

    /** A mark may begin like no sealed text. */
    private byte[] mark() {
        var mark = new byte[MARK_BYTES];
        random.nextBytes(mark);
        mark[0] = MARK;
        return mark;
    }

    /** From Redis if it can be trusted and has it in time, else from the store. */
    LatestSource over(Store store, Site site) {
        var stored = LatestSource.of(store, site);
        return subject -> Uni.createFrom().deferred(() -> {
            long asOf = standing.confirmed();
            long generation = standing.trustedGeneration();
            if (asOf == 0 || generation == 0) {
                events.lookedUp(Lookup.BYPASSED);
                return stored.latest(subject);
            }
            var place = place(subject, generation);
            return Uni.createFrom().completionStage(() -> look(place)).chain(look -> switch (look) {
                case Look.Value(var readings) -> Uni.createFrom().item(new LatestSource.Found(readings, asOf));
                case Look.Nothing(var mark) ->
                    stored.latest(subject).invoke(found -> keep(place, mark, found.readings()));
                case Look.Failure() -> stored.latest(subject);
            });
        });
    }

    private sealed interface Look {
        record Value(List<Reading> readings) implements Look {}

        /** @param instead what is there; to be replaced by what the store says */
        record Nothing(byte[] instead) implements Look {}

        record Failure() implements Look {}
    }

    /** Never fails. */
    private CompletionStage<Look> look(Place place) {
        return values.get(place.key)
                .thenCompose(
                        there -> there == null ? marked(place) : CompletableFuture.completedStage(seen(place, there)))
                .exceptionally(_ -> {
                    events.lookedUp(Lookup.FAILED);
                    return new Look.Failure();
                });
    }

    private CompletionStage<Look> marked(Place place) {
        var mark = mark();
        return commands.setIfNothing(place.key, mark, settings.shared().readTtl())
                .thenApply(done -> {
                    events.lookedUp(Lookup.MISS);
                    return done ? new Look.Nothing(mark) : new Look.Failure();
                });
    }

    private Look seen(Place place, byte[] there) {
        if (isMark(there)) {
            events.lookedUp(Lookup.MISS);
            return new Look.Nothing(there);
        }
        var readings = open(place, there);
        if (readings == null) {
            events.lookedUp(Lookup.FORGED);
            return new Look.Nothing(there);
        }
        events.lookedUp(Lookup.HIT);
        return new Look.Value(readings);
    }

    private static boolean isMark(byte[] there) {
        return there.length == MARK_BYTES && there[0] == MARK;
    }

    /** Null if this was not sealed for this place, or is of others. */
    private List<Reading> open(Place place, byte[] there) {
        var readings = seal.open(place.key, there).flatMap(ReadingBytes::in).orElse(null);
        return readings == null
                        || readings.isEmpty()
                        || !readings.stream().allMatch(r -> place.subject.covers(r.series()))
                ? null
                : readings;
    }

    /** Puts it there if nobody has changed what was there; nobody waits for it. */
    private void keep(Place place, byte[] instead, Collection<Reading> readings) {
        // Of somebody who was never measured there may not even be a patient: that is for the store to say.
        if (instead.length > 0 && !readings.isEmpty()) {
            var sealed = seal.seal(place.key, ReadingBytes.of(readings));
            commands.replaceIf(place.key, instead, sealed, settings.shared().ttl());
        }
    }

    /** These readings are durable now: when this ends well, no value is there that has not got them. */
    CompletionStage<Void> outdate(Collection<Reading> readings, long generation) {
        var bySubject = new LinkedHashMap<Subject, List<Reading>>();
        for (var reading : readings) {
            add(bySubject, new Subject.OfPatient(reading.series().patient()), reading);
            add(bySubject, new Subject.OfDevice(reading.series().device()), reading);
        }
        var marked = new ArrayList<CompletableFuture<Void>>(bySubject.size());
        bySubject.forEach((subject, fresh) ->
                marked.add(outdate(place(subject, generation), fresh).toCompletableFuture()));
        return CompletableFuture.allOf(marked.toArray(CompletableFuture[]::new));
    }

    private static void add(Map<Subject, List<Reading>> bySubject, Subject subject, Reading reading) {
        bySubject.computeIfAbsent(subject, _ -> new ArrayList<>()).add(reading);
    }

    private CompletionStage<Void> outdate(Place place, List<Reading> fresh) {
        var mark = mark();
        return commands.replace(place.key, mark, settings.shared().readTtl()).thenAccept(there -> {
            if (there != null && !isMark(there)) {
                var known = open(place, there);
                if (known != null) {
                    keep(place, mark, merged(known, fresh));
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
