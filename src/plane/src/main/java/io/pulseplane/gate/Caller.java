package io.pulseplane.gate;

import io.grpc.Context;

/** Who is calling, for those below the gate that write it down beside what was done. */
public final class Caller {

    static final Context.Key<String> SUBJECT = Context.key("pulseplane-subject");

    private Caller() {}

    /** The subject of the call under way; empty where no call is. */
    public static String subject() {
        var subject = SUBJECT.get();
        return subject == null ? "" : subject;
    }
}
