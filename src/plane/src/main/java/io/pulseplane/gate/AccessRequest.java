package io.pulseplane.gate;

/** One request, as it is decided on: what is to be done, by which rpc, with what. */
record AccessRequest(Action action, String rpc, Access access) {

    /** The same for one of several patients. */
    AccessRequest forPatient(String patient) {
        return new AccessRequest(action, rpc, Access.ofPatient(patient, access.codes()));
    }
}
