package io.pulseplane.coherence;

import io.pulseplane.vitals.Reading;

/** Those who want to know what other planes did. Called by one thread; must not block. */
public interface RemoteChangeListener {

    /** Another plane has stored this; of what it stored of the series at once, it is the latest. */
    default void readingStored(Reading reading) {}

    default void consentChanged(String patient) {}

    default void deviceChanged(String device) {}

    /** There may have been more than was heard; called again and again while that is so. */
    default void changesMayBeMissing() {}
}
