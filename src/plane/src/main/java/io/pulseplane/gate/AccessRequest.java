package io.pulseplane.gate;

/** What the policy decides on: an action, the rpc that performs it, and the data it concerns. */
record AccessRequest(Action action, String rpc, Access access) {

    /** The same request for one of its patients. */
    AccessRequest forPatient(String patient) {
        return new AccessRequest(action, rpc, Access.ofPatient(patient, access.codes()));
    }
}
