package io.pulseplane.cache;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.vertx.core.Context;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What is to be said to the other planes. What comes while a message is on its way goes into the next one, of each series
 * only the latest; the first goes at once. Values in Redis that a message outdates are gone before it is sent.
 *
 * <p>Bounded: what does not fit, and what there is no connection for, is not said, and the others are made to notice.
 */
final class Outbox {

    /** Of each kind of change. */
    private static final int MAX_WAITING = 20_000;

    /** A longer message would keep Redis, and everybody behind it, busy for milliseconds. */
    private static final int MAX_IN_MESSAGE = 500;

    private static final CompletionStage<?> DONE = CompletableFuture.completedStage(null);

    /** The way out. */
    interface Line {

        boolean isUp();

        /** Fails if some values may not have been outdated. */
        CompletionStage<?> outdate(Collection<Reading> readings, long generation);

        /** Fails if the message may not have been sent. */
        CompletionStage<?> say(Message message);
    }

    private final Context here;
    private final Standing standing;
    private final Line line;
    private final SiteEvents events;
    private final int maxInMessage;

    private final Map<Series, Message.Fresh> readings = new LinkedHashMap<>();
    private final Set<String> consents = new LinkedHashSet<>();
    private final Set<String> devices = new LinkedHashSet<>();

    /** Touched on the context only, as what follows from it. */
    private final Queue<Message.Changes> parts = new ArrayDeque<>();

    private final Map<Series, Reading> early = new LinkedHashMap<>();
    private boolean due;
    private boolean dropped;
    private boolean busy;
    private boolean scheduled;

    /** Null until the plane leaves. */
    private CompletableFuture<Void> farewell;

    Outbox(Context here, Standing standing, Line line, int maxConcurrent, SiteEvents events) {
        this.here = here;
        this.standing = standing;
        this.line = line;
        this.events = events;
        this.maxInMessage = Math.clamp(maxConcurrent / 2, 1, MAX_IN_MESSAGE);
    }

    void stored(Columns fresh) {
        synchronized (this) {
            if (!line.isUp() || readings.size() == MAX_WAITING) {
                dropped = true;
            } else {
                readings.merge(fresh.series(), Message.Fresh.of(fresh), Message.Fresh::both);
            }
        }
        schedule();
    }

    void consentChanged(String patient) {
        changed(consents, patient);
    }

    void deviceChanged(String device) {
        changed(devices, device);
    }

    private void changed(Set<String> changes, String id) {
        synchronized (this) {
            if (!line.isUp() || changes.size() == MAX_WAITING) {
                dropped = true;
            } else {
                changes.add(id);
            }
        }
        schedule();
    }

    /** Says that we are there, also if there is nothing else to say. */
    void beat() {
        synchronized (this) {
            due = true;
        }
        schedule();
    }

    /** Says what there is to say, then goodbye. Blocks for as long as that takes, and so long at most. */
    void close(long millis) {
        var said = new CompletableFuture<Void>();
        synchronized (this) {
            farewell = said;
            due = true;
        }
        if (line.isUp()) {
            schedule();
            try {
                said.get(millis, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                events.notSent();
            }
        }
    }

    private void schedule() {
        synchronized (this) {
            if (scheduled || busy || !line.isUp() || isIdle()) {
                return;
            }
            scheduled = true;
        }
        here.runOnContext(_ -> speak());
    }

    private boolean isIdle() {
        return !due && readings.isEmpty() && consents.isEmpty() && devices.isEmpty();
    }

    private void speak() {
        // Before what is said is collected: whose beat is echoed can be sure that it has all from before that beat.
        var echoes = standing.echoes();
        boolean gap;
        synchronized (this) {
            scheduled = false;
            busy = true;
            due = false;
            gap = dropped;
            dropped = false;
            collect();
        }
        if (gap) {
            events.notSent();
            standing.skip();
            standing.nextGeneration();
        }
        sayNext(echoes);
    }

    private void collect() {
        var changedReadings = readings.values().iterator();
        var changedConsents = consents.iterator();
        var changedDevices = devices.iterator();
        do {
            parts.add(new Message.Changes(taken(changedReadings), taken(changedConsents), taken(changedDevices)));
        } while (changedReadings.hasNext() || changedConsents.hasNext() || changedDevices.hasNext());
    }

    private <T> List<T> taken(Iterator<T> waiting) {
        var taken = new ArrayList<T>();
        while (waiting.hasNext() && taken.size() < maxInMessage) {
            taken.add(waiting.next());
            waiting.remove();
        }
        return taken;
    }

    /** Of what was collected, one message after the other; only with the last all has been said. */
    private void sayNext(Map<Long, Long> echoes) {
        var part = parts.poll();
        if (part == null) {
            rest();
            return;
        }
        long generation = standing.generation();
        outdated(part.readings(), generation)
                .whenComplete((_, failure) -> here.runOnContext(_ -> {
                    if (failure != null) {
                        standing.nextGeneration();
                    }
                    long kept = failure == null ? generation : standing.generation();
                    say(standing.next(kept, parts.isEmpty() ? echoes : Map.of(), part), echoes);
                }));
    }

    private void rest() {
        boolean last;
        synchronized (this) {
            last = farewell != null && isIdle();
            // Stays so after the last word: nothing comes after it.
            busy = last;
        }
        if (last) {
            line.say(standing.last()).whenComplete((_, _) -> farewell.complete(null));
        } else {
            schedule();
        }
    }

    /** Until it is known of which generation values are, what was stored is remembered, for when it is. */
    private CompletionStage<?> outdated(Collection<Reading> stored, long generation) {
        if (generation == 0) {
            stored.forEach(reading -> early.put(reading.series(), reading));
            if (early.size() > MAX_WAITING) {
                early.clear();
                return CompletableFuture.failedStage(new IllegalStateException("too much to remember"));
            }
            return DONE;
        }
        if (early.isEmpty()) {
            return stored.isEmpty() ? DONE : line.outdate(stored, generation);
        }
        stored.forEach(reading -> early.put(reading.series(), reading));
        var all = List.copyOf(early.values());
        early.clear();
        return line.outdate(all, generation);
    }

    private void say(Message message, Map<Long, Long> echoes) {
        line.say(message).whenComplete((_, failure) -> {
            if (failure == null) {
                events.sent(message.changes().size());
            } else {
                events.notSent();
            }
            here.runOnContext(_ -> sayNext(echoes));
        });
    }
}
