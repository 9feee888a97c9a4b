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
 * A site whose planes tell each other through Redis what they stored and changed, and keep latest readings there. What it
 * promises while Redis is well, slow or gone, {@link Freshness} says. Nothing here is needed for a plane to go on: without
 * Redis it asks the store more often.
 */
public final class RedisSite implements Site, AutoCloseable {

    /** How long a plane that leaves waits for Redis to take its last word. */
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
     * Does nothing until it is started; what is remembered until then is not trusted for long.
     *
     * @param windows that are remembered here; they hear of what changes on any plane, this one included
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
        var values = new ReadBatcher(context, settings.maxKeysPerRead(), commands::get);
        latestCache = new RedisLatestCache(settings, commands, values, aead, freshness, events);
        broadcaster = new ChangeBroadcaster(
                context, freshness, new RedisTransport(), settings.faults().maxConcurrent(), events);
    }

    /**
     * Begins, and goes on by itself; whether Redis is there or not, it does not wait.
     *
     * @param others who is told what others did
     */
    public synchronized void start(RemoteChangeListener others) {
        listener = others;
        timer = vertx.setPeriodic(settings.heartbeat().toMillis(), _ -> heartbeat());
        // Where commands are gathered, so that none has to be carried from one thread to another.
        context.runOnContext(_ -> commandConnection.open());
        publisherConnection.open();
        subscriberConnection.open();
    }

    /** Such that 0 is longer ago than anything that matters. */
    private static LongSupplier clock() {
        long begin = System.nanoTime() - TimeUnit.DAYS.toNanos(1);
        return () -> System.nanoTime() - begin;
    }

    private ReconnectingConnection newConnection(
            ReconnectingConnection.Role use, ReconnectingConnection.Listener owner) {
        return new ReconnectingConnection(vertx, settings, use, channel, owner);
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
                // What was written last may be lost, and another Redis may answer now.
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

    /** First what it says is taken note of; only then it is known that it was heard. */
    private void receive(SiteMessage message) {
        if (message.origin().runId() != runId) {
            var changes = message.changes();
            events.received(changes.size());
            changes.devices().forEach(listener::deviceChanged);
            changes.consentPatients().forEach(patient -> {
                windows.evictPatient(patient);
                listener.consentChanged(patient);
            });
            changes.seriesUpdates().forEach(fresh -> {
                windows.invalidateSince(fresh.latest().series(), fresh.earliestTime());
                listener.readingStored(fresh.latest());
            });
        }
        if (freshness.receive(message)) {
            reportMissingChanges();
        }
    }

    /** The latest readings, from Redis where it can be trusted to have them, else from the store. */
    public LatestSource latestSource(Store store) {
        return latestCache.latestSource(store, this);
    }

    /** Whether it is known what all planes did: what is remembered is served. */
    public boolean isConfirmed() {
        return freshness.isConfirmed();
    }

    /** Whether all planes agree on which values in Redis are to be trusted. */
    public boolean isSharing() {
        return freshness.isConfirmed() && freshness.trustedGeneration() != 0;
    }

    /** How many planes there are, as far as is known here, with this one. */
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
    public void readingsStored(Columns fresh) {
        windows.invalidateSince(fresh.series(), fresh.firstTime());
        broadcaster.readingsStored(fresh);
    }

    @Override
    public void consentChanged(String patient) {
        windows.evictPatient(patient);
        broadcaster.consentChanged(patient);
    }

    /** What Redis has of the patient is under names that nobody asks for any more, and goes when its time is over. */
    @Override
    public void patientErased(String patient) {
        freshness.nextGeneration();
        consentChanged(patient);
    }

    @Override
    public void deviceChanged(String device) {
        broadcaster.deviceChanged(device);
    }

    /** Says goodbye, so that nobody waits for this plane. Nothing may be stored here any more. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            vertx.cancelTimer(timer);
            broadcaster.close(MAX_CLOSE_MILLIS);
            closeSilently();
        }
    }

    /** Leaves without a word, as a plane that dies. */
    synchronized void closeSilently() {
        closed = true;
        vertx.cancelTimer(timer);
        freshness.stopListening();
        subscriberConnection.close();
        publisherConnection.close();
        commandConnection.close();
    }
}
