package io.pulseplane.gate;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what happens at the gate. */
final class RecordingGateEvents implements GateEvents {

    private final List<String> entries = new CopyOnWriteArrayList<>();

    List<String> entries() {
        return entries;
    }

    @Override
    public void decided(String action, Outcome outcome) {
        entries.add(action + " " + outcome);
    }

    @Override
    public void connectionRefused() {
        entries.add("connection refused");
    }

    @Override
    public void callEnded() {
        entries.add("ended");
    }
}
