package io.pulseplane.gate.audit.anchoring;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Hands the end of a trail to places at an interval, on a thread of its own. A place that fails gets the next end at
 * the next interval; a place that has the newest end already gets nothing.
 */
public final class PeriodicAnchoring implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PeriodicAnchoring.class.getName());

    private final Supplier<Anchor> end;
    private final List<AnchorPlace> places;
    private final Map<AnchorPlace, String> keptDigests = new HashMap<>();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("pulseplane-audit-anchor").daemon().factory());

    private PeriodicAnchoring(Supplier<Anchor> end, List<AnchorPlace> places) {
        this.end = end;
        this.places = List.copyOf(places);
    }

    /**
     * Starts with the first anchor at once.
     *
     * @param end takes the signed end of the trail
     */
    public static PeriodicAnchoring start(Supplier<Anchor> end, List<AnchorPlace> places, Duration every) {
        var anchoring = new PeriodicAnchoring(end, places);
        anchoring.thread.scheduleAtFixedRate(anchoring::anchor, 0, every.toMillis(), TimeUnit.MILLISECONDS);
        return anchoring;
    }

    private void anchor() {
        try {
            var anchor = end.get();
            for (var place : places) {
                if (!anchor.digest().equals(keptDigests.get(place)) && isKept(place, anchor)) {
                    keptDigests.put(place, anchor.digest());
                }
            }
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "The end of the audit trail cannot be anchored: {0}", e.getMessage());
        }
    }

    private static boolean isKept(AnchorPlace place, Anchor anchor) {
        try {
            place.keep(anchor);
            return true;
        } catch (IOException e) {
            LOG.log(Level.WARNING, "{0} does not take the end of the audit trail: {1}", place, e.toString());
            return false;
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
