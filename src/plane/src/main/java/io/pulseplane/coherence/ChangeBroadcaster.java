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
 * Sends announcements of this plane's changes to the other planes. The first change goes out at once. Changes that come
 * while a message is on its way go into the next one, with only the latest reading of each series. The values in Redis
 * that a message outdates are invalidated before the message is sent.
 *
 * <p>Bounded: a change that does not fit is dropped, as is one without a connection. The other planes then see a gap in
 * the numbers of the messages.
 */
final class ChangeBroadcaster {

    /** Bound for each kind of change. */
    private static final int MAX_PENDING_PER_KIND = 20_000;

    /** A longer message would keep Redis busy for milliseconds. */
    private static final int MAX_CHANGES_PER_MESSAGE = 500;

    private static final CompletionStage<?> DONE = CompletableFuture.completedStage(null);

    /** Sends messages and invalidates values in Redis. */
    interface Transport {

        boolean isConnected();

        /** Fails if some values may still be in Redis. */
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
    private final Set<String> erasures = new LinkedHashSet<>();

    /** Messages of the current round. Only code on the context uses this field and the next one. */
    private final Queue<SiteMessage.Changes> parts = new ArrayDeque<>();

    private final Map<Series, Reading> storedBeforeGeneration = new LinkedHashMap<>();
    private boolean heartbeatDue;
    private boolean changesDropped;
    private boolean sending;
    private boolean scheduled;

    /** Null until the plane closes. */
    private CompletableFuture<Void> closeCompletion;

    ChangeBroadcaster(Context context, Freshness freshness, Transport transport, int maxConcurrent, SiteEvents events) {
        this.context = context;
        this.freshness = freshness;
        this.transport = transport;
        this.events = events;
        this.maxChangesPerMessage = Math.clamp(maxConcurrent / 2, 1, MAX_CHANGES_PER_MESSAGE);
    }

    void readingsStored(Columns stored) {
        synchronized (this) {
            if (!transport.isConnected() || readings.size() == MAX_PENDING_PER_KIND) {
                changesDropped = true;
            } else {
                readings.merge(stored.series(), SiteMessage.SeriesUpdate.of(stored), SiteMessage.SeriesUpdate::merge);
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

    void patientErased(String patient) {
        addChange(erasures, patient);
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

    /** Sends a message even if there are no changes. */
    void heartbeat() {
        synchronized (this) {
            heartbeatDue = true;
        }
        schedule();
    }

    /** Sends the pending changes, then the last message of this plane. Blocks, but not longer than the given time. */
    void close(long timeoutMillis) {
        var completion = new CompletableFuture<Void>();
        synchronized (this) {
            closeCompletion = completion;
            heartbeatDue = true;
        }
        if (transport.isConnected()) {
            schedule();
            try {
                completion.get(timeoutMillis, TimeUnit.MILLISECONDS);
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
        return !heartbeatDue && readings.isEmpty() && consents.isEmpty() && devices.isEmpty() && erasures.isEmpty();
    }

    private void sendPending() {
        // Must come before the changes are collected. An echo promises its receiver that it has all changes of this
        // plane from before the echoed heartbeat.
        var echoes = freshness.echoes();
        boolean hasGap;
        synchronized (this) {
            scheduled = false;
            sending = true;
            heartbeatDue = false;
            hasGap = changesDropped;
            changesDropped = false;
            collect();
        }
        if (hasGap) {
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
        var erased = erasures.iterator();
        do {
            parts.add(new SiteMessage.Changes(
                    drain(changedReadings), drain(changedConsents), drain(changedDevices), drain(erased)));
        } while (changedReadings.hasNext()
                || changedConsents.hasNext()
                || changedDevices.hasNext()
                || erased.hasNext());
    }

    private <T> List<T> drain(Iterator<T> pending) {
        var taken = new ArrayList<T>();
        while (pending.hasNext() && taken.size() < maxChangesPerMessage) {
            taken.add(pending.next());
            pending.remove();
        }
        return taken;
    }

    /**
     * Sends the collected messages one after the other. Only the last one has the echoes, because only then all is
     * sent.
     */
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
                    long validGeneration = failure == null ? generation : freshness.generation();
                    send(freshness.nextMessage(validGeneration, parts.isEmpty() ? echoes : Map.of(), part), echoes);
                }));
    }

    private void finishRound() {
        boolean last;
        synchronized (this) {
            last = closeCompletion != null && isIdle();
            // Stays true after the last message, so nothing is sent after it.
            sending = last;
        }
        if (last) {
            transport.send(freshness.lastMessage()).whenComplete((_, _) -> closeCompletion.complete(null));
        } else {
            schedule();
        }
    }

    /**
     * Invalidates values in Redis. While the generation is unknown, the readings are kept and invalidated when it is
     * known.
     */
    private CompletionStage<?> invalidate(Collection<Reading> stored, long generation) {
        if (generation == 0) {
            stored.forEach(reading -> storedBeforeGeneration.put(reading.series(), reading));
            if (storedBeforeGeneration.size() > MAX_PENDING_PER_KIND) {
                storedBeforeGeneration.clear();
                return CompletableFuture.failedStage(
                        new IllegalStateException("too many readings were stored before the generation was known"));
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
