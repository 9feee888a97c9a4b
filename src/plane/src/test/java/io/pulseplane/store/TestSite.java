package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** One plane of a site, as a test wants it: its clock stands, and what was read holds until the test says otherwise. */
public final class TestSite implements Site {

    private final boolean holding;
    private final AtomicLong now = new AtomicLong(1);
    private final AtomicLong fence = new AtomicLong();
    private final List<Columns> stored = new CopyOnWriteArrayList<>();

    public TestSite() {
        this(true);
    }

    private TestSite(boolean holding) {
        this.holding = holding;
    }

    /** A site where nothing holds for longer than a moment. */
    public static TestSite whereNothingHolds() {
        return new TestSite(false);
    }

    /** Whatever was read before does not hold any more. */
    public void invalidateAll() {
        fence.set(now.incrementAndGet());
    }

    /** What other planes were told of. */
    public List<Columns> stored() {
        return stored;
    }

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public long now() {
        return holding ? now.get() : now.incrementAndGet();
    }

    @Override
    public boolean isFresh(long asOf) {
        return holding && asOf >= fence.get();
    }

    @Override
    public long epoch() {
        return holding ? fence.get() : now.get();
    }

    @Override
    public void readingsStored(Columns fresh) {
        stored.add(fresh);
    }

    @Override
    public void consentChanged(String patient) {}

    @Override
    public void deviceChanged(String device) {}
}
