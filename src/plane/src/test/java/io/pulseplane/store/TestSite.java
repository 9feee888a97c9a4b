package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** A site for tests: its clock stands still, and cached answers stay fresh until the test invalidates them. */
public final class TestSite implements Site {

    private final boolean keepsFresh;
    private final AtomicLong now = new AtomicLong(1);
    private final AtomicLong invalidatedAt = new AtomicLong();
    private final List<Columns> stored = new CopyOnWriteArrayList<>();

    public TestSite() {
        this(true);
    }

    private TestSite(boolean keepsFresh) {
        this.keepsFresh = keepsFresh;
    }

    /** Creates a site where no cached answer is ever fresh. */
    public static TestSite whereNothingHolds() {
        return new TestSite(false);
    }

    /** Invalidates all cached answers. */
    public void invalidateAll() {
        invalidatedAt.set(now.incrementAndGet());
    }

    /** Returns the readings that were announced to other planes. */
    public List<Columns> stored() {
        return stored;
    }

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public long now() {
        return keepsFresh ? now.get() : now.incrementAndGet();
    }

    @Override
    public boolean isFresh(long asOf) {
        return keepsFresh && asOf >= invalidatedAt.get();
    }

    @Override
    public long epoch() {
        return keepsFresh ? invalidatedAt.get() : now.get();
    }

    @Override
    public void readingsStored(Columns readings) {
        stored.add(readings);
    }

    @Override
    public void consentChanged(String patient) {}

    @Override
    public void deviceChanged(String device) {}
}
