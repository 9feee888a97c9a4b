package io.pulseplane.coherence;

import io.pulseplane.vitals.Reading;

/** Receives the changes of other planes. One thread calls it; methods must not block. */
public interface RemoteChangeListener {

    /** Another plane has stored readings of a series; this is the latest of them. */
    default void readingStored(Reading reading) {}

    default void consentChanged(String patient) {}

    /** Another plane has erased this patient. */
    default void patientErased(String patient) {}

    default void deviceChanged(String device) {}

    /** Changes of other planes may be missing. Called repeatedly while this is so. */
    default void changesMayBeMissing() {}
}
