package io.pulseplane.cache;

import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.seal.Seal;
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
 * promises while Redis is well, slow or gone, {@link Standing} says. Nothing here is needed for a plane to go on: without
 * Redis it asks the store more often.
 */
public final class RedisSite implements Site, AutoCloseable {

    /** How long a plane that leaves waits for Redis to take its last word. */
    private static final long FAREWELL_MILLIS = 500;

    private static final Heard NOBODY = new Heard() {};

    private final RedisSettings settings;
    private final Vertx vertx;
    private volatile Heard heard = NOBODY;
    private final SiteEvents events;
    private final RecentWindows windows;
    private final String channel;
    private final Seal seal;
    private final long run = new SecureRandom().nextLong();
    private final Standing standing;
    private final Link commandLink;
    private final Link speaking;
    private final Link listening;
    private final SharedLatest shared;
    private final Context here;
    private final Outbox outbox;
    private long timer = -1;
    private boolean closed;
    private volatile long doubtedAt;

    /**
     * Does nothing until it is started; what is remembered until then is not trusted for long.
     *
     * @param windows that are remembered here; they hear of what changes on any plane, this one included
     */
    public RedisSite(Vertx vertx, RedisSettings settings, SiteEvents events, RecentWindows windows) {
        this.windows = windows;
        this.vertx = vertx;
        this.settings = settings;
        this.events = events;
        channel = settings.prefix() + ":news";
        seal = new Seal(settings.keys(), "redis");
        standing = new Standing(new Message.Origin(settings.plane(), run), seal.keyId(), settings, clock(), events);
        commandLink = link(Link.Use.COMMANDS, new ForCommands());
        speaking = link(Link.Use.SPEAKING, new ForSpeaking());
        listening = link(Link.Use.LISTENING, new ForListening());
        var commands = new Commands(commandLink, settings.faults(), events);
        here = vertx.getOrCreateContext();
        var values = new Gathering(here, settings.valuesAtOnce(), commands::get);
        shared = new SharedLatest(settings, commands, values, seal, standing, events);
        outbox = new Outbox(here, standing, new WayOut(), settings.faults().maxConcurrent(), events);
    }

    /**
     * Begins, and goes on by itself; whether Redis is there or not, it does not wait.
     *
     * @param others who is told what others did
     */
    public synchronized void start(Heard others) {
        heard = others;
        timer = vertx.setPeriodic(settings.heartbeat().toMillis(), _ -> tick());
        // Where commands are gathered, so that none has to be carried from one thread to another.
        here.runOnContext(_ -> commandLink.open());
        speaking.open();
        listening.open();
    }

    /** Such that 0 is longer ago than anything that matters. */
    private static LongSupplier clock() {
        long begin = System.nanoTime() - TimeUnit.DAYS.toNanos(1);
        return () -> System.nanoTime() - begin;
    }

    private Link link(Link.Use use, Link.Owner owner) {
        return new Link(vertx, settings, use, channel, owner);
    }

    private void tick() {
        standing.beat();
        outbox.beat();
        if (!standing.isConfirmed() && standing.now() - doubtedAt >= standing.readTrustedNanos()) {
            doubt();
        }
    }

    private void doubt() {
        doubtedAt = standing.now();
        heard.doubt();
    }

    private final class WayOut implements Outbox.Line {

        @Override
        public boolean isUp() {
            return speaking.isUp();
        }

        @Override
        public CompletionStage<?> outdate(Collection<Reading> readings, long generation) {
            return shared.outdate(readings, generation);
        }

        @Override
        public CompletionStage<?> say(Message message) {
            return publish(message);
        }
    }

    private CompletionStage<?> publish(Message message) {
        return speaking.send(Request.cmd(Command.PUBLISH).arg(channel).arg(seal.seal(channel, message.encoded())))
                .toCompletionStage();
    }

    private final class ForCommands implements Link.Owner {

        @Override
        public void up(boolean again) {
            events.connected("commands", true);
            if (again) {
                // What was written last may be lost, and another Redis may answer now.
                standing.nextGeneration();
            }
        }

        @Override
        public void down() {
            events.connected("commands", false);
            standing.nextGeneration();
        }

        @Override
        public void message(byte[] message) {}
    }

    private final class ForSpeaking implements Link.Owner {

        @Override
        public void up(boolean again) {
            events.connected("speaking", true);
            outbox.beat();
        }

        @Override
        public void down() {
            events.connected("speaking", false);
        }

        @Override
        public void message(byte[] message) {}
    }

    private final class ForListening implements Link.Owner {

        @Override
        public void up(boolean again) {
            events.connected("listening", true);
            standing.listening();
            doubt();
        }

        @Override
        public void down() {
            events.connected("listening", false);
            standing.deaf();
            doubt();
        }

        @Override
        public void message(byte[] sealed) {
            var message = seal.open(channel, sealed).flatMap(Message::of);
            if (message.isPresent()) {
                hear(message.get());
            } else {
                events.forged();
                standing.unreadable();
                doubt();
            }
        }
    }

    /** First what it says is taken note of; only then it is known that it was heard. */
    private void hear(Message message) {
        if (message.from().run() != run) {
            var changes = message.changes();
            events.heard(changes.size());
            changes.devices().forEach(heard::deviceChanged);
            changes.consents().forEach(patient -> {
                windows.forget(patient);
                heard.consentChanged(patient);
            });
            changes.stored().forEach(fresh -> {
                windows.stored(fresh.latest().series(), fresh.since());
                heard.stored(fresh.latest());
            });
        }
        if (standing.heard(message)) {
            doubt();
        }
    }

    /** The latest readings, from Redis where it can be trusted to have them, else from the store. */
    public LatestSource over(Store store) {
        return shared.over(store, this);
    }

    /** Whether it is known what all planes did: what is remembered is served. */
    public boolean isConfirmed() {
        return standing.isConfirmed();
    }

    /** Whether all planes agree on which values in Redis are to be trusted. */
    public boolean isSharing() {
        return standing.isConfirmed() && standing.trustedGeneration() != 0;
    }

    /** How many planes there are, as far as is known here, with this one. */
    public int planes() {
        return standing.planes();
    }

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public long now() {
        return standing.now();
    }

    @Override
    public boolean holds(long asOf) {
        return standing.holds(asOf);
    }

    @Override
    public long epoch() {
        return standing.epoch();
    }

    @Override
    public void stored(Columns fresh) {
        windows.stored(fresh.series(), fresh.firstTime());
        outbox.stored(fresh);
    }

    @Override
    public void consentChanged(String patient) {
        windows.forget(patient);
        outbox.consentChanged(patient);
    }

    /** What Redis has of the patient is under names that nobody asks for any more, and goes when its time is over. */
    @Override
    public void patientErased(String patient) {
        standing.nextGeneration();
        consentChanged(patient);
    }

    @Override
    public void deviceChanged(String device) {
        outbox.deviceChanged(device);
    }

    /** Says goodbye, so that nobody waits for this plane. Nothing may be stored here any more. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            vertx.cancelTimer(timer);
            outbox.close(FAREWELL_MILLIS);
            abandon();
        }
    }

    /** Leaves without a word, as a plane that dies. */
    synchronized void abandon() {
        closed = true;
        vertx.cancelTimer(timer);
        standing.deaf();
        listening.close();
        speaking.close();
        commandLink.close();
    }
}
