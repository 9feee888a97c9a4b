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
 * @param lead between the beginning of a load and of its measurement, for it to be under way
 */
record Bench(Path out, WarmUp warmUp, Duration lead, Duration measured) {

    static final int CONNECTIONS = 4;
    /** Enough that a server does not wait for the disk to sync records with nothing else to do. */
    static final int UNDER_WAY = 1_024;

    private static final int STREAMS = 4;
    private static final int WINDOW = 256;

    /**
     * What a server takes at most.
     *
     * @param perSecond answers; NaN where it could not be measured
     * @param micros of processor time for each
     */
    record Peak(double perSecond, double micros) {

        static final Peak UNKNOWN = new Peak(Double.NaN, Double.NaN);
    }

    record Peaks(Peak h2load, Peak unary, Peak stream) {

        static final Peaks UNKNOWN = new Peaks(Peak.UNKNOWN, Peak.UNKNOWN, Peak.UNKNOWN);
    }

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
    Peaks peaks(String name, Server server, Optional<String> token, int patients)
            throws IOException, InterruptedException {
        var caller = token.map(Tokens::headers).orElseGet(Metadata::new);
        int answerBytes = answerBytes(server.port(), caller);
        var h2load = H2load.isInstalled() && patients == 1 ? h2load(name, server, token, answerBytes) : Peak.UNKNOWN;
        try (var connections = new Connections(server.port(), CONNECTIONS)) {
            var unary = unary(name, server, connections, latest(caller, patients));
            warmUp.until(
                    name + ", streamed",
                    slice -> streamed(connections, caller, patients, Duration.ZERO, slice)
                            .perSecond());
            var meter = CpuMeter.start(server::processorTime, lead, measured);
            var stream = streamed(connections, caller, patients, lead, measured);
            return new Peaks(h2load, unary, peak(stream, meter));
        }
    }

    Peak unary(String name, Server server, Connections connections, Calls<GetLatestRequest, GetLatestResponse> calls)
            throws IOException, InterruptedException {
        warmUp.until(
                name + ", unary",
                slice -> ClosedLoop.during(connections, calls, UNDER_WAY, Duration.ZERO, slice)
                        .perSecond());
        var meter = CpuMeter.start(server::processorTime, lead, measured);
        return peak(ClosedLoop.during(connections, calls, UNDER_WAY, lead, measured), meter);
    }

    /** One caller, one question at a time, warm. */
    <Q, R> Outcome oneByOne(String name, Plane plane, Calls<Q, R> calls) throws IOException, InterruptedException {
        try (var connections = new Connections(plane.port(), 1)) {
            warmUp.until(
                    name,
                    slice -> ClosedLoop.during(connections, calls, 1, Duration.ZERO, slice)
                            .perSecond());
            return ClosedLoop.during(connections, calls, 1, lead, measured);
        }
    }

    private static Outcome streamed(
            Connections connections, Metadata caller, int patients, Duration lead, Duration measured)
            throws InterruptedException {
        return Pipeline.run(connections, streamLatest(caller, patients), Bench::worth, STREAMS, WINDOW, lead, measured);
    }

    private Peak h2load(String name, Server server, Optional<String> token, int answerBytes)
            throws IOException, InterruptedException {
        var h2load = new H2load(out);
        var rpc = QueryServiceGrpc.getGetLatestMethod().getFullMethodName();
        h2load.check(server.port(), rpc, token, ofPatient(0), answerBytes);
        warmUp.until(name + ", h2load", slice -> h2load.sent(server.port(), rpc, token, ofPatient(0), slice));
        var meter = CpuMeter.start(server::processorTime, Duration.ZERO, measured);
        double perSecond = h2load.answered(server.port(), rpc, token, ofPatient(0), answerBytes, measured);
        return new Peak(perSecond, meter.microsOf(perSecond * measured.toSeconds()));
    }

    H2load.Storm storm(Server server, String token, int connections, double perSecond, Duration length)
            throws IOException, InterruptedException {
        var rpc = QueryServiceGrpc.getGetLatestMethod().getFullMethodName();
        int answerBytes = answerBytes(server.port(), Tokens.headers(token));
        return new H2load(out)
                .storm(server.port(), rpc, token, ofPatient(0), answerBytes, connections, perSecond, length);
    }

    private static Peak peak(Outcome outcome, CpuMeter meter) {
        if (outcome.failed() > 0) {
            throw new IllegalStateException("calls failed: " + outcome.failuresText());
        }
        return new Peak(outcome.perSecond(), meter.microsOf(outcome.answered()));
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
}
