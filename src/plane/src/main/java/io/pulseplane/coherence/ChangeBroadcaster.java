package io.pulseplane.coherence;

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
final class ChangeBroadcaster {

    /** Of each kind of change. */
    private static final int MAX_PENDING_PER_KIND = 20_000;

    /** A longer message would keep Redis, and everybody behind it, busy for milliseconds. */
    private static final int MAX_CHANGES_PER_MESSAGE = 500;

    private static final CompletionStage<?> DONE = CompletableFuture.completedStage(null);

    /** The way out. */
    interface Transport {

        boolean isConnected();

        /** Fails if some values may not have been outdated. */
        CompletionStage<?> invalidate(Collection<Reading> readings, long generation);

        /** Fails if the message may not have been sent. */
        CompletionStage<?> send(SiteMessage message);
    }

    private final Context context;
    private final Freshness freshness;
    private final Transport transport;
    private final SiteEvents events;
    private final int maxChangesPerMessage;

    private final Map<Series, SiteMessage.SeriesUpdate> readings = new LinkedHashMap<>();
    private final Set<String> consents = new LinkedHashSet<>();
    private final Set<String> devices = new LinkedHashSet<>();

    /** Touched on the context only, as what follows from it. */
    private final Queue<SiteMessage.Changes> parts = new ArrayDeque<>();

    private final Map<Series, Reading> storedBeforeGeneration = new LinkedHashMap<>();
    private boolean heartbeatDue;
    private boolean changesDropped;
    private boolean sending;
    private boolean scheduled;

    /** Null until the plane leaves. */
    private CompletableFuture<Void> closeCompletion;

    ChangeBroadcaster(Context here, Freshness standing, Transport line, int maxConcurrent, SiteEvents events) {
        this.context = here;
        this.freshness = standing;
        this.transport = line;
        this.events = events;
        this.maxChangesPerMessage = Math.clamp(maxConcurrent / 2, 1, MAX_CHANGES_PER_MESSAGE);
    }

    void readingsStored(Columns fresh) {
        synchronized (this) {
            if (!transport.isConnected() || readings.size() == MAX_PENDING_PER_KIND) {
                changesDropped = true;
            } else {
                readings.merge(fresh.series(), SiteMessage.SeriesUpdate.of(fresh), SiteMessage.SeriesUpdate::merge);
            }
        }
        schedule();
    }

    void consentChanged(String patient) {
        addChange(consents, patient);
    }

    void deviceChanged(String device) {
        addChange(devices, device);
    }

    private void addChange(Set<String> changes, String id) {
        synchronized (this) {
            if (!transport.isConnected() || changes.size() == MAX_PENDING_PER_KIND) {
                changesDropped = true;
            } else {
                changes.add(id);
            }
        }
        schedule();
    }

    /** Says that we are there, also if there is nothing else to say. */
    void heartbeat() {
        synchronized (this) {
            heartbeatDue = true;
        }
        schedule();
    }

    /** Says what there is to say, then goodbye. Blocks for as long as that takes, and so long at most. */
    void close(long millis) {
        var said = new CompletableFuture<Void>();
        synchronized (this) {
            closeCompletion = said;
            heartbeatDue = true;
        }
        if (transport.isConnected()) {
            schedule();
            try {
                said.get(millis, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException e) {
                events.sendFailed();
            }
        }
    }

    private void schedule() {
        synchronized (this) {
            if (scheduled || sending || !transport.isConnected() || isIdle()) {
                return;
            }
            scheduled = true;
        }
        context.runOnContext(_ -> sendPending());
    }

    private boolean isIdle() {
        return !heartbeatDue && readings.isEmpty() && consents.isEmpty() && devices.isEmpty();
    }

    private void sendPending() {
        // Before what is said is collected: whose beat is echoed can be sure that it has all from before that beat.
        var echoes = freshness.echoes();
        boolean gap;
        synchronized (this) {
            scheduled = false;
            sending = true;
            heartbeatDue = false;
            gap = changesDropped;
            changesDropped = false;
            collect();
        }
        if (gap) {
            events.sendFailed();
            freshness.skipSequence();
            freshness.nextGeneration();
        }
        sendNext(echoes);
    }

    private void collect() {
        var changedReadings = readings.values().iterator();
        var changedConsents = consents.iterator();
        var changedDevices = devices.iterator();
        do {
            parts.add(new SiteMessage.Changes(drain(changedReadings), drain(changedConsents), drain(changedDevices)));
        } while (changedReadings.hasNext() || changedConsents.hasNext() || changedDevices.hasNext());
    }

    private <T> List<T> drain(Iterator<T> waiting) {
        var taken = new ArrayList<T>();
        while (waiting.hasNext() && taken.size() < maxChangesPerMessage) {
            taken.add(waiting.next());
            waiting.remove();
        }
        return taken;
    }

    /** Of what was collected, one message after the other; only with the last all has been said. */
    private void sendNext(Map<Long, Long> echoes) {
        var part = parts.poll();
        if (part == null) {
            finishRound();
            return;
        }
        long generation = freshness.generation();
        invalidate(part.latestReadings(), generation)
                .whenComplete((_, failure) -> context.runOnContext(_ -> {
                    if (failure != null) {
                        freshness.nextGeneration();
                    }
                    long kept = failure == null ? generation : freshness.generation();
                    send(freshness.nextMessage(kept, parts.isEmpty() ? echoes : Map.of(), part), echoes);
                }));
    }

    private void finishRound() {
        boolean last;
        synchronized (this) {
            last = closeCompletion != null && isIdle();
            // Stays so after the last word: nothing comes after it.
            sending = last;
        }
        if (last) {
            transport.send(freshness.lastMessage()).whenComplete((_, _) -> closeCompletion.complete(null));
        } else {
            schedule();
        }
    }

    /** Until it is known of which generation values are, what was stored is remembered, for when it is. */
    private CompletionStage<?> invalidate(Collection<Reading> stored, long generation) {
        if (generation == 0) {
            stored.forEach(reading -> storedBeforeGeneration.put(reading.series(), reading));
            if (storedBeforeGeneration.size() > MAX_PENDING_PER_KIND) {
                storedBeforeGeneration.clear();
                return CompletableFuture.failedStage(new IllegalStateException("too much to remember"));
            }
            return DONE;
        }
        if (storedBeforeGeneration.isEmpty()) {
            return stored.isEmpty() ? DONE : transport.invalidate(stored, generation);
        }
        stored.forEach(reading -> storedBeforeGeneration.put(reading.series(), reading));
        var all = List.copyOf(storedBeforeGeneration.values());
        storedBeforeGeneration.clear();
        return transport.invalidate(all, generation);
    }

    private void send(SiteMessage message, Map<Long, Long> echoes) {
        transport.send(message).whenComplete((_, failure) -> {
            if (failure == null) {
                events.sent(message.changes().size());
            } else {
                events.sendFailed();
            }
            context.runOnContext(_ -> sendNext(echoes));
        });
    }
}
