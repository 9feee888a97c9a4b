package io.pulseplane.coherence;

import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.crypto.Aead;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A site whose planes announce their changes to each other through Redis, and cache latest readings there. {@link
 * Freshness} describes the promise that holds while Redis works, is slow or is gone. A plane does not depend on Redis:
 * without it, the plane reads the store more often.
 */
public final class RedisSite implements Site, AutoCloseable {

    /** How long a plane that closes waits until Redis has its last message. */
    private static final long MAX_CLOSE_MILLIS = 500;

    private static final RemoteChangeListener NO_LISTENER = new RemoteChangeListener() {};

    private final RedisSettings settings;
    private final Vertx vertx;
    private volatile RemoteChangeListener listener = NO_LISTENER;
    private final SiteEvents events;
    private final WindowCache windows;
    private final String channel;
    private final Aead aead;
    private final long runId = new SecureRandom().nextLong();
    private final Freshness freshness;
    private final ReconnectingConnection commandConnection;
    private final ReconnectingConnection publisherConnection;
    private final ReconnectingConnection subscriberConnection;
    private final RedisLatestCache latestCache;
    private final Context context;
    private final ChangeBroadcaster broadcaster;
    private long timer = -1;
    private boolean closed;
    private volatile long missingReportedAtNanos;

    /**
     * Does nothing before {@link #start}. Until then, data in memory are trusted for a short time only.
     *
     * @param windows the windows in memory; changes on any plane of the site invalidate them
     */
    public RedisSite(Vertx vertx, RedisSettings settings, SiteEvents events, WindowCache windows) {
        this.windows = windows;
        this.vertx = vertx;
        this.settings = settings;
        this.events = events;
        channel = settings.keyPrefix() + ":news";
        aead = new Aead(settings.keys(), "redis");
        freshness =
                new Freshness(new SiteMessage.Origin(settings.plane(), runId), aead.keyId(), settings, clock(), events);
        commandConnection = newConnection(ReconnectingConnection.Role.COMMANDS, new CommandListener());
        publisherConnection = newConnection(ReconnectingConnection.Role.PUBLISHER, new PublisherListener());
        subscriberConnection = newConnection(ReconnectingConnection.Role.SUBSCRIBER, new SubscriberListener());
        var commands = new RedisCommands(commandConnection, settings.faults(), events);
        context = vertx.getOrCreateContext();
        var readBatcher = new ReadBatcher(context, settings.maxKeysPerRead(), commands::get);
        latestCache = new RedisLatestCache(settings, commands, readBatcher, aead, freshness, events);
        broadcaster = new ChangeBroadcaster(
                context, freshness, new RedisTransport(), settings.faults().maxConcurrent(), events);
    }

    /**
     * Starts to connect to Redis and to send heartbeats. Does not wait for Redis.
     *
     * @param listener receives the changes of other planes
     */
    public synchronized void start(RemoteChangeListener listener) {
        this.listener = listener;
        timer = vertx.setPeriodic(settings.heartbeat().toMillis(), _ -> heartbeat());
        // Connects on the context that batches reads, so that commands need not change threads.
        context.runOnContext(_ -> commandConnection.open());
        publisherConnection.open();
        subscriberConnection.open();
    }

    /** A monotonic clock whose 0 lies a day before the start. */
    private static LongSupplier clock() {
        long startNanos = System.nanoTime() - TimeUnit.DAYS.toNanos(1);
        return () -> System.nanoTime() - startNanos;
    }

    private ReconnectingConnection newConnection(
            ReconnectingConnection.Role role, ReconnectingConnection.Listener connectionListener) {
        return new ReconnectingConnection(vertx, settings, role, channel, connectionListener);
    }

    private void heartbeat() {
        freshness.heartbeat();
        broadcaster.heartbeat();
        if (!freshness.isConfirmed() && freshness.now() - missingReportedAtNanos >= freshness.readTrustedNanos()) {
            reportMissingChanges();
        }
    }

    private void reportMissingChanges() {
        missingReportedAtNanos = freshness.now();
        listener.changesMayBeMissing();
    }

    private final class RedisTransport implements ChangeBroadcaster.Transport {

        @Override
        public boolean isConnected() {
            return publisherConnection.isConnected();
        }

        @Override
        public CompletionStage<?> invalidate(Collection<Reading> readings, long generation) {
            return latestCache.invalidate(readings, generation);
        }

        @Override
        public CompletionStage<?> send(SiteMessage message) {
            return publish(message);
        }
    }

    private CompletionStage<?> publish(SiteMessage message) {
        return publisherConnection
                .send(Request.cmd(Command.PUBLISH).arg(channel).arg(aead.seal(channel, message.encode())))
                .toCompletionStage();
    }

    private final class CommandListener implements ReconnectingConnection.Listener {

        @Override
        public void connected(boolean again) {
            events.connectionChanged("commands", true);
            if (again) {
                // The last writes may be lost, and this may be another Redis server.
                freshness.nextGeneration();
            }
        }

        @Override
        public void disconnected() {
            events.connectionChanged("commands", false);
            freshness.nextGeneration();
        }

        @Override
        public void messageReceived(byte[] message) {}
    }

    private final class PublisherListener implements ReconnectingConnection.Listener {

        @Override
        public void connected(boolean again) {
            events.connectionChanged("speaking", true);
            broadcaster.heartbeat();
        }

        @Override
        public void disconnected() {
            events.connectionChanged("speaking", false);
        }

        @Override
        public void messageReceived(byte[] message) {}
    }

    private final class SubscriberListener implements ReconnectingConnection.Listener {

        @Override
        public void connected(boolean again) {
            events.connectionChanged("listening", true);
            freshness.startListening();
            reportMissingChanges();
        }

        @Override
        public void disconnected() {
            events.connectionChanged("listening", false);
            freshness.stopListening();
            reportMissingChanges();
        }

        @Override
        public void messageReceived(byte[] sealed) {
            var message = aead.open(channel, sealed).flatMap(SiteMessage::decode);
            if (message.isPresent()) {
                receive(message.get());
            } else {
                events.forged();
                freshness.receiveUnreadable();
                reportMissingChanges();
            }
        }
    }

    /** Applies the changes of a message before freshness counts the message as received. */
    private void receive(SiteMessage message) {
        if (message.origin().runId() != runId) {
            var changes = message.changes();
            events.received(changes.size());
            changes.devices().forEach(listener::deviceChanged);
            changes.consentPatients().forEach(patient -> {
                windows.evictPatient(patient);
                listener.consentChanged(patient);
            });
            changes.erasedPatients().forEach(patient -> {
                windows.evictPatient(patient);
                listener.patientErased(patient);
            });
            changes.seriesUpdates().forEach(update -> {
                windows.invalidateSince(update.latest().series(), update.earliestTime());
                listener.readingStored(update.latest());
            });
        }
        if (freshness.receive(message)) {
            reportMissingChanges();
        }
    }

    /** Looks up latest readings in Redis if its values are trusted, else in the store. */
    public LatestSource latestSource(Store store) {
        return latestCache.latestSource(store, this);
    }

    /** Whether freshness is confirmed, so that data in memory are served. */
    public boolean isConfirmed() {
        return freshness.isConfirmed();
    }

    /** Whether freshness is confirmed and all planes agree on the generation of values in Redis. */
    public boolean isSharing() {
        return freshness.isConfirmed() && freshness.trustedGeneration() != 0;
    }

    /** How many planes of the site are known here, including this one. */
    public int planeCount() {
        return freshness.planeCount();
    }

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public long now() {
        return freshness.now();
    }

    @Override
    public boolean isFresh(long asOf) {
        return freshness.isFresh(asOf);
    }

    @Override
    public long epoch() {
        return freshness.epoch();
    }

    @Override
    public void readingsStored(Columns stored) {
        windows.invalidateSince(stored.series(), stored.firstTime());
        broadcaster.readingsStored(stored);
    }

    @Override
    public void consentChanged(String patient) {
        windows.evictPatient(patient);
        broadcaster.consentChanged(patient);
    }

    /** A new generation makes the patient's values in Redis unreachable; they expire with their TTL. */
    @Override
    public void patientErased(String patient) {
        freshness.nextGeneration();
        windows.evictPatient(patient);
        broadcaster.patientErased(patient);
    }

    /**
     * Trusts nothing that was read before: the store went back to an earlier state. The values in Redis become
     * unreachable. Other planes find it out by themselves.
     */
    public void distrustReads() {
        freshness.nextGeneration();
        freshness.distrustReads();
        reportMissingChanges();
    }

    @Override
    public void deviceChanged(String device) {
        broadcaster.deviceChanged(device);
    }

    /**
     * Sends a last message, so that other planes need not wait for this one. The plane must not store anything after
     * it.
     */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            vertx.cancelTimer(timer);
            broadcaster.close(MAX_CLOSE_MILLIS);
            closeSilently();
        }
    }

    /** Closes without a last message, like a plane that crashes. */
    synchronized void closeSilently() {
        closed = true;
        vertx.cancelTimer(timer);
        freshness.stopListening();
        subscriberConnection.close();
        publisherConnection.close();
        commandConnection.close();
    }
}
