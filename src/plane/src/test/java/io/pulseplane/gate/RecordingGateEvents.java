package io.pulseplane.gate;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the events of a gate as texts. */
final class RecordingGateEvents implements GateEvents {

    private final List<String> entries = new CopyOnWriteArrayList<>();

    List<String> entries() {
        return entries;
    }

    void clear() {
        entries.clear();
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
    public void handshakeFailed() {
        entries.add("handshake failed");
    }

    @Override
    public void callEnded() {
        entries.add("ended");
    }
}
