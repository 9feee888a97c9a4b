package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Measures a plane or a baseline with the same queries: the latest heart rate of a patient.
 *
 * @param outputDirectory directory for files of the measurement
 * @param rampUp time from the start of a load to the start of its measurement
 */
record Harness(Path outputDirectory, WarmUp warmUp, Duration rampUp, Duration measurement) {

    static final int CONNECTIONS = 4;
    /** Enough that a server has other calls to work on while it waits for a sync of audit records. */
    static final int CONCURRENT_CALLS = 1_024;

    private static final int STREAMS = 4;
    private static final int MESSAGES_IN_FLIGHT = 256;

    /**
     * The peak of a server.
     *
     * @param perSecond answers a second; NaN if it could not be measured
     * @param cpuMicrosPerAnswer processor time of an answer, in microseconds
     */
    record PeakThroughput(double perSecond, double cpuMicrosPerAnswer) {

        static final PeakThroughput UNKNOWN = new PeakThroughput(Double.NaN, Double.NaN);
    }

    record PeakThroughputs(PeakThroughput h2load, PeakThroughput unary, PeakThroughput stream) {

        static final PeakThroughputs UNKNOWN =
                new PeakThroughputs(PeakThroughput.UNKNOWN, PeakThroughput.UNKNOWN, PeakThroughput.UNKNOWN);
    }

    static CallGenerator<GetLatestRequest, GetLatestResponse> getLatestCalls(Metadata caller, int patients) {
        return CallGenerator.of(
                caller, QueryServiceGrpc.getGetLatestMethod(), number -> latestRequest(number % patients));
    }

    private static GetLatestRequest latestRequest(long number) {
        return GetLatestRequest.newBuilder()
                .setPatientId(SeedData.patient(number))
                .addCodes(SeedData.HEART_RATE)
                .build();
    }

    /**
     * Measures peaks with queries for all patients in turn. h2load sends one request only, so it runs only for one
     * patient.
     */
    PeakThroughputs measurePeaks(String name, ServerProcess server, Optional<String> token, int patients)
            throws IOException, InterruptedException {
        var caller = token.map(Tokens::headers).orElseGet(Metadata::new);
        int answerBytes = answerBytes(server.port(), caller);
        var h2load = H2load.isInstalled() && patients == 1
                ? h2load(name, server, token, answerBytes)
                : PeakThroughput.UNKNOWN;
        try (var connections = new ClientConnections(server.port(), CONNECTIONS)) {
            var unary = unary(name, server, connections, getLatestCalls(caller, patients));
            warmUp.run(
                    name + ", streamed",
                    slice -> streamed(connections, caller, patients, Duration.ZERO, slice)
                            .perSecond());
            var meter = CpuMeter.start(server::processorTime, rampUp, measurement);
            var stream = streamed(connections, caller, patients, rampUp, measurement);
            return new PeakThroughputs(h2load, unary, peak(stream, meter));
        }
    }

    PeakThroughput unary(
            String name,
            ServerProcess server,
            ClientConnections connections,
            CallGenerator<GetLatestRequest, GetLatestResponse> calls)
            throws IOException, InterruptedException {
        warmUp.run(
                name + ", unary",
                slice -> ClosedLoop.runFor(connections, calls, CONCURRENT_CALLS, Duration.ZERO, slice)
                        .perSecond());
        var meter = CpuMeter.start(server::processorTime, rampUp, measurement);
        return peak(ClosedLoop.runFor(connections, calls, CONCURRENT_CALLS, rampUp, measurement), meter);
    }

    /** Measures a warm server with one caller that makes one call at a time. */
    <Q, R> Outcome sequential(String name, Plane plane, CallGenerator<Q, R> calls)
            throws IOException, InterruptedException {
        try (var connections = new ClientConnections(plane.port(), 1)) {
            warmUp.run(
                    name,
                    slice -> ClosedLoop.runFor(connections, calls, 1, Duration.ZERO, slice)
                            .perSecond());
            return ClosedLoop.runFor(connections, calls, 1, rampUp, measurement);
        }
    }

    private static Outcome streamed(
            ClientConnections connections, Metadata caller, int patients, Duration warmUp, Duration measured)
            throws InterruptedException {
        return ClosedLoopStreams.run(
                connections,
                streamLatest(caller, patients),
                Harness::countAnswer,
                STREAMS,
                MESSAGES_IN_FLIGHT,
                warmUp,
                measured);
    }

    private PeakThroughput h2load(String name, ServerProcess server, Optional<String> token, int answerBytes)
            throws IOException, InterruptedException {
        var h2load = new H2load(outputDirectory);
        var rpc = QueryServiceGrpc.getGetLatestMethod().getFullMethodName();
        h2load.check(server.port(), rpc, token, latestRequest(0), answerBytes);
        warmUp.run(
                name + ", h2load",
                slice -> h2load.requestsPerSecond(server.port(), rpc, token, latestRequest(0), slice));
        var meter = CpuMeter.start(server::processorTime, Duration.ZERO, measurement);
        double perSecond =
                h2load.answersPerSecond(server.port(), rpc, token, latestRequest(0), answerBytes, measurement);
        return new PeakThroughput(perSecond, meter.microsPerAnswer(perSecond * measurement.toSeconds()));
    }

    H2load.OverloadResult overload(
            ServerProcess server, String token, int connections, double perSecond, Duration length)
            throws IOException, InterruptedException {
        var rpc = QueryServiceGrpc.getGetLatestMethod().getFullMethodName();
        int answerBytes = answerBytes(server.port(), Tokens.headers(token));
        return new H2load(outputDirectory)
                .overload(server.port(), rpc, token, latestRequest(0), answerBytes, connections, perSecond, length);
    }

    private static PeakThroughput peak(Outcome outcome, CpuMeter meter) {
        if (outcome.failed() > 0) {
            throw new IllegalStateException("calls failed: " + outcome.failuresText());
        }
        return new PeakThroughput(outcome.perSecond(), meter.microsPerAnswer(outcome.answered()));
    }

    private static CallGenerator<StreamLatestRequest, StreamLatestResponse> streamLatest(
            Metadata caller, int patients) {
        return CallGenerator.of(
                caller,
                QueryServiceGrpc.getStreamLatestMethod(),
                number -> StreamLatestRequest.newBuilder()
                        .setPatientId(SeedData.patient(number % patients))
                        .addCodes(SeedData.HEART_RATE)
                        .build());
    }

    private static long countAnswer(StreamLatestResponse answer) {
        if (answer.getReadingsCount() != 1) {
            throw new IllegalStateException("expected one reading, got the error " + answer.getError());
        }
        return 1;
    }

    /** Makes one call, checks its answer, and returns the size of the answer. */
    private static int answerBytes(int port, Metadata caller) throws InterruptedException {
        try (var connections = new ClientConnections(port, 1)) {
            var channel = ClientInterceptors.intercept(
                    connections.channel(0), MetadataUtils.newAttachHeadersInterceptor(caller));
            var answer = ClientCalls.blockingUnaryCall(
                    channel, QueryServiceGrpc.getGetLatestMethod(), CallOptions.DEFAULT, latestRequest(0));
            if (answer.getReadingsCount() != 1) {
                throw new IllegalStateException("expected one reading, got " + answer.getReadingsCount());
            }
            return answer.getSerializedSize();
        }
    }
}
