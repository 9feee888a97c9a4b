package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.pulseplane.api.v1.GetLatestRequest;
import io.pulseplane.api.v1.GetLatestResponse;
import io.pulseplane.api.v1.QueryServiceGrpc;
import io.pulseplane.api.v1.StreamLatestRequest;
import io.pulseplane.api.v1.StreamLatestResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The same questions to any server that answers them, the plane or a yardstick: the latest heart rate of a patient.
 *
 * @param out where files may lie
 */
record Bench(Path out, Duration warmUp, Duration measured) {

    static final int CONNECTIONS = 4;
    static final int UNDER_WAY = 256;
    private static final int STREAMS = 4;
    private static final int WINDOW = 256;

    /** What a server takes at most, a second; NaN where it could not be measured. */
    record Peaks(double h2load, double unary, double stream) {}

    static Calls<GetLatestRequest, GetLatestResponse> latest(Metadata caller, int patients) {
        return Calls.by(caller, QueryServiceGrpc.getGetLatestMethod(), number -> ofPatient(number % patients));
    }

    private static GetLatestRequest ofPatient(long number) {
        return GetLatestRequest.newBuilder()
                .setPatientId(History.patient(number))
                .addCodes(History.HEART_RATE)
                .build();
    }

    /** Of one patient if there is but one, else of all of them in turn. */
    Peaks peaks(int port, Optional<String> token, int patients) throws IOException, InterruptedException {
        var caller = token.map(Tokens::headers).orElseGet(Metadata::new);
        int answerBytes = answerBytes(port, caller);
        double h2load = H2load.isInstalled() && patients == 1
                ? new H2load(out)
                        .grpc(
                                port,
                                QueryServiceGrpc.getGetLatestMethod().getFullMethodName(),
                                token,
                                ofPatient(0),
                                answerBytes,
                                measured)
                : Double.NaN;
        try (var connections = new Connections(port, CONNECTIONS)) {
            var unary = ClosedLoop.during(connections, latest(caller, patients), UNDER_WAY, warmUp, measured);
            var stream = Pipeline.run(
                    connections, streamLatest(caller, patients), Bench::worth, STREAMS, WINDOW, warmUp, measured);
            requireNoFailures(unary);
            requireNoFailures(stream);
            return new Peaks(h2load, unary.perSecond(), stream.perSecond());
        }
    }

    private static Calls<StreamLatestRequest, StreamLatestResponse> streamLatest(Metadata caller, int patients) {
        return Calls.by(
                caller,
                QueryServiceGrpc.getStreamLatestMethod(),
                number -> StreamLatestRequest.newBuilder()
                        .setPatientId(History.patient(number % patients))
                        .addCodes(History.HEART_RATE)
                        .build());
    }

    private static long worth(StreamLatestResponse answer) {
        if (answer.getReadingsCount() != 1) {
            throw new IllegalStateException("not answered: " + answer.getError());
        }
        return 1;
    }

    /** Makes sure that there is an answer at all before it is asked for a million times. */
    private static int answerBytes(int port, Metadata caller) throws InterruptedException {
        try (var connections = new Connections(port, 1)) {
            var channel =
                    ClientInterceptors.intercept(connections.of(0), MetadataUtils.newAttachHeadersInterceptor(caller));
            var answer = ClientCalls.blockingUnaryCall(
                    channel, QueryServiceGrpc.getGetLatestMethod(), CallOptions.DEFAULT, ofPatient(0));
            if (answer.getReadingsCount() != 1) {
                throw new IllegalStateException("not one reading but " + answer.getReadingsCount());
            }
            return answer.getSerializedSize();
        }
    }

    private static void requireNoFailures(Outcome outcome) {
        if (outcome.failed() > 0) {
            throw new IllegalStateException("calls failed: " + outcome.failuresText());
        }
    }
}
