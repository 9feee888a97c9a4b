package io.pulseplane.store;

import io.pulseplane.vitals.Columns;

/** Nobody is told, for there is nobody; what a plane remembers it keeps up to date itself. Costs nothing. */
final class UnsharedSite implements Site {

    @Override
    public boolean isShared() {
        return false;
    }

    @Override
    public long now() {
        return 0;
    }

    @Override
    public boolean isFresh(long asOf) {
        return true;
    }

    @Override
    public long epoch() {
        return 0;
    }

    @Override
    public void readingsStored(Columns fresh) {}

    @Override
    public void consentChanged(String patient) {}

    @Override
    public void deviceChanged(String device) {}
}
