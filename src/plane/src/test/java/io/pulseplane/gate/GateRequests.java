package io.pulseplane.gate;

import io.grpc.Channel;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.QueryServiceGrpc;

/** Requests that tests of the gate send. */
final class GateRequests {

    static final String STAFF = "authorized_medical_staff";
    static final String HEART_RATE = "8867-4";

    private GateRequests() {}

    static GetLatestRequest latestOf(String patient) {
        return GetLatestRequest.newBuilder()
                .setPatientId(patient)
                .addCodes(HEART_RATE)
                .build();
    }

    static CallResult latest(Channel channel, String patient) {
        return CallResult.of(channel, QueryServiceGrpc.getGetLatestMethod(), latestOf(patient));
    }

    static CallResult latestOfDevice(Channel channel, String device) {
        return CallResult.of(
                channel,
                QueryServiceGrpc.getGetLatestMethod(),
                GetLatestRequest.newBuilder().setDeviceId(device).build());
    }
}
