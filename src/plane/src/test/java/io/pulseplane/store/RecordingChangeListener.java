package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Records confirmed and displaced readings, in order. */
public final class RecordingChangeListener implements ChangeListener {

    private final List<Columns> confirmed = new CopyOnWriteArrayList<>();
    private final List<Columns> displaced = new CopyOnWriteArrayList<>();

    @Override
    public void readingsStored(Columns readings) {}

    @Override
    public void readingsConfirmed(Columns readings) {
        confirmed.add(readings);
    }

    @Override
    public void readingsDisplaced(Columns readings) {
        displaced.add(readings);
    }

    @Override
    public void consentChanged(String patient) {}

    @Override
    public void deviceChanged(String device) {}

    @Override
    public void assignmentChanged(String patient) {}

    @Override
    public void patientErased(String patient) {}

    public List<Columns> confirmed() {
        return confirmed;
    }

    public List<Columns> displaced() {
        return displaced;
    }
}
