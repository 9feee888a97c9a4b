package io.pulseplane.store;

import io.pulseplane.vitals.Columns;

/** The site of a single plane: there is no other plane to announce changes to, and every cached answer is fresh. */
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
    public void readingsStored(Columns readings) {}

    @Override
    public void consentChanged(String patient) {}

    @Override
    public void deviceChanged(String device) {}
}
