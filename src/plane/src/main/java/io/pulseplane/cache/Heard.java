package io.pulseplane.cache;

import io.pulseplane.vitals.Reading;

/** Those who want to know what other planes did. Called by one thread; must not block. */
public interface Heard {

    /** Another plane has stored this; of what it stored of the series at once, it is the latest. */
    void stored(Reading reading);

    void consentChanged(String patient);

    void deviceChanged(String device);

    /** There may have been more than was heard; called again and again while that is so. */
    void doubt();
}
