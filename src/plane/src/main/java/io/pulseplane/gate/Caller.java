package io.pulseplane.gate;

import io.grpc.Context;

/** The caller of the current call, for code below the gate that records who changed something. */
public final class Caller {

    static final Context.Key<String> SUBJECT = Context.key("pulseplane-subject");

    private Caller() {}

    /** The subject of the current call; empty outside of a call. */
    public static String subject() {
        var subject = SUBJECT.get();
        return subject == null ? "" : subject;
    }
}
