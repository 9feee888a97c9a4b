package io.pulseplane.gate;

/** One request, as it is decided on: what is to be done, by which rpc, with what. */
record Asked(Action action, String rpc, Access access) {

    /** The same for one of several patients. */
    Asked of(String patient) {
        return new Asked(action, rpc, Access.ofPatient(patient, access.codes()));
    }
}
