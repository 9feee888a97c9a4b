package io.pulseplane.clock;

import io.pulseplane.vitals.EpochMicros;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The time by which the plane decides, in microseconds since the epoch.
 *
 * <p>The operating system's clock may be wrong: a box without a battery starts in the past, and a mistaken operator or
 * time server sets a clock ahead by years. The plane compares that clock with the monotonic one, and at its start with
 * the last time that it kept in the data directory.
 *
 * <ul>
 *   <li>A clock that was set back is not followed: the plane's time goes on, so nothing that has expired counts again.
 *   <li>A clock that leaps forward is followed, so what expires, expires. But beyond {@link ClockSettings#maxLeap} it
 *       is in doubt, and {@link #retentionTime} is empty: nothing is deleted for its age.
 *   <li>The doubt ends when the clock is right again, or when an operator confirms the clock.
 * </ul>
 */
public final class PlaneClock implements LongSupplier {

    /** What is wrong with the operating system's clock. */
    public enum Doubt {
        NONE,
        /** The clock leapt forward. */
        AHEAD,
        /** The clock was set back, or is behind what the plane has seen before. */
        BEHIND
    }

    /**
     * Where the plane takes the time from.
     *
     * @param wallMicros the operating system's clock, in microseconds since the epoch
     * @param nanoTime the monotonic clock, in nanoseconds
     * @param isSynchronized whether a time server keeps the operating system's clock
     */
    public record Sources(LongSupplier wallMicros, LongSupplier nanoTime, BooleanSupplier isSynchronized) {

        public static final Sources SYSTEM =
                new Sources(EpochMicros::now, System::nanoTime, new KernelClock()::isSynchronized);
    }

    /** Steps of the clock up to this are ordinary: time servers make them. The plane's time then stands still. */
    static final Duration TOLERANCE = Duration.ofSeconds(2);

    /** A leap up to this is believed if a time server keeps the clock: the plane was off, or was suspended. */
    static final Duration MAX_SYNCHRONIZED_LEAP = Duration.ofDays(31);

    /** A confirmation is meant for the clock as it was when the operator gave it. */
    static final Duration CONFIRMATION_VALIDITY = Duration.ofMinutes(10);

    /** How often the plane keeps its time in the data directory. */
    private static final Duration SAVE_INTERVAL = Duration.ofSeconds(10);

    private static final System.Logger LOG = System.getLogger(PlaneClock.class.getName());

    private final Sources sources;
    private final ClockSettings settings;
    private final ClockFile file;
    private final ClockFile confirmation;
    private final long startNanos;
    private long savedNanos;
    private boolean isSavingLogged;
    private Doubt loggedDoubt = Doubt.NONE;

    private volatile Reading last;

    /**
     * The plane's own time at a moment of the monotonic clock. In a leap, it is the time without the leap.
     *
     * @param offsetMicros how far the operating system's clock was ahead of it, negative if behind
     */
    private record Reading(long micros, long nanos, long offsetMicros, Doubt doubt) {

        long micros(long nanosNow) {
            return micros + TimeUnit.NANOSECONDS.toMicros(nanosNow - nanos);
        }
    }

    private PlaneClock(Path dataDir, Sources sources, ClockSettings settings) {
        this.sources = sources;
        this.settings = settings;
        this.file = new ClockFile(dataDir.resolve("clock"));
        this.confirmation = confirmationIn(dataDir);
        this.startNanos = sources.nanoTime.getAsLong();
        // The first check keeps the time.
        this.savedNanos = startNanos - SAVE_INTERVAL.toNanos();
        var saved = file.read();
        this.last = saved.isEmpty()
                ? new Reading(sources.wallMicros.getAsLong(), startNanos, 0, Doubt.NONE)
                : reading(saved.getAsLong(), startNanos);
    }

    /** Reads the time that an earlier run kept in the data directory. Writes nothing. */
    public static PlaneClock open(Path dataDir, Sources sources, ClockSettings settings) {
        return new PlaneClock(dataDir, sources, settings);
    }

    private static ClockFile confirmationIn(Path dataDir) {
        return new ClockFile(dataDir.resolve("clock.confirmed"));
    }

    /**
     * Confirms that the operating system's clock is right now. The plane of this data directory follows it within some
     * seconds, or at its next start.
     */
    public static Instant confirm(Path dataDir) throws IOException {
        long now = Sources.SYSTEM.wallMicros.getAsLong();
        confirmationIn(dataDir).write(now);
        return Instant.EPOCH.plus(now, ChronoUnit.MICROS);
    }

    /** Returns the plane's time. It does not go back. */
    @Override
    public long getAsLong() {
        long wall = sources.wallMicros.getAsLong();
        var reading = last;
        return wall >= reading.micros ? wall : Math.max(wall, reading.micros(sources.nanoTime.getAsLong()));
    }

    /**
     * Returns the time by which data may be deleted for its age; empty while the clock is in doubt. Blocks for a read
     * or write of a small file.
     */
    public OptionalLong retentionTime() {
        check();
        return last.doubt == Doubt.NONE ? OptionalLong.of(getAsLong()) : OptionalLong.empty();
    }

    /**
     * Returns whether the clock may be behind the true time, so that a reading of now seems to come from the future:
     * the clock is known to be behind, or the plane has just started and no time server has set the clock yet.
     */
    public boolean mayBeBehind() {
        return last.doubt == Doubt.BEHIND
                || (sources.nanoTime.getAsLong() - startNanos
                                < settings.syncWait().toNanos()
                        && !sources.isSynchronized.getAsBoolean());
    }

    public Doubt doubt() {
        return last.doubt;
    }

    /** Returns how far the operating system's clock was ahead of the plane's time at the last check. */
    public Duration offset() {
        return Duration.of(last.offsetMicros, ChronoUnit.MICROS);
    }

    public boolean isSynchronized() {
        return sources.isSynchronized.getAsBoolean();
    }

    /** Compares the clocks. To be called every second; a change of the clock is noticed here. Blocks. */
    public synchronized void check() {
        long nanos = sources.nanoTime.getAsLong();
        var before = last;
        var now = isConfirmed()
                ? new Reading(sources.wallMicros.getAsLong(), nanos, 0, Doubt.NONE)
                : reading(before.micros(nanos), nanos);
        last = now;
        logChange(now);
        if (nanos - savedNanos >= SAVE_INTERVAL.toNanos()) {
            savedNanos = nanos;
            save();
        }
    }

    private Reading reading(long expectedMicros, long nanos) {
        long wall = sources.wallMicros.getAsLong();
        long offset = wall - expectedMicros;
        if (offset < -micros(TOLERANCE)) {
            return new Reading(expectedMicros, nanos, offset, Doubt.BEHIND);
        }
        if (offset > micros(settings.maxLeap())
                && !(offset <= micros(MAX_SYNCHRONIZED_LEAP) && sources.isSynchronized.getAsBoolean())) {
            return new Reading(expectedMicros, nanos, offset, Doubt.AHEAD);
        }
        // A small step back ends here: the time does not fall below that of the last check.
        var floor = last == null ? expectedMicros : last.micros;
        return new Reading(Math.max(wall, Math.min(floor, expectedMicros)), nanos, offset, Doubt.NONE);
    }

    /** A confirmation is used up, whether it is valid or not. It may be given before the plane starts. */
    private boolean isConfirmed() {
        if (last.doubt == Doubt.NONE) {
            return false;
        }
        var confirmed = confirmation.read();
        if (confirmed.isEmpty()) {
            return false;
        }
        try {
            confirmation.delete();
        } catch (IOException _) {
            LOG.log(Level.WARNING, "The confirmation of the clock cannot be removed, so it does not count");
            return false;
        }
        return Math.abs(sources.wallMicros.getAsLong() - confirmed.getAsLong()) <= micros(CONFIRMATION_VALIDITY);
    }

    private static long micros(Duration duration) {
        return TimeUnit.MICROSECONDS.convert(duration);
    }

    private void logChange(Reading now) {
        if (now.doubt == loggedDoubt) {
            return;
        }
        loggedDoubt = now.doubt;
        switch (now.doubt) {
            case AHEAD ->
                LOG.log(
                        Level.WARNING,
                        "The clock leapt forward by {0}: nothing is deleted for its age until the clock is set right,"
                                + " or until `pulseplane clock confirm` says that it is right",
                        Duration.of(now.offsetMicros, ChronoUnit.MICROS).truncatedTo(ChronoUnit.SECONDS));
            case BEHIND ->
                LOG.log(
                        Level.WARNING,
                        "The clock is {0} behind the time of this plane, which does not go back: set the clock right,"
                                + " or say by `pulseplane clock confirm` that it is right",
                        Duration.of(-now.offsetMicros, ChronoUnit.MICROS).truncatedTo(ChronoUnit.SECONDS));
            case NONE -> LOG.log(Level.INFO, "The clock is beyond doubt again");
        }
    }

    private void save() {
        try {
            file.write(last.micros);
            isSavingLogged = false;
        } catch (IOException e) {
            if (!isSavingLogged) {
                LOG.log(Level.WARNING, "The time cannot be kept in the data directory: {0}", e.toString());
                isSavingLogged = true;
            }
        }
    }

    /** Keeps the time for the next start. */
    public synchronized void close() {
        check();
        save();
    }
}
