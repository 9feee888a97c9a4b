package io.pulseplane.loadtest.jmh;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.token.UnusableKeyException;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures what a call pays for passing the gate when its token, consent and decision are cached: from the token's
 * bytes until the endpoint gets the request. Each call appends a record to an audit trail on a real disk.
 * {@code decision} does not wait for the disk. In {@code synced} 64 callers wait for it; the benchmark also counts the
 * groups that became durable.
 */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class GateBenchmark {

    /** Less than the bound of the audit queue, so that no call of a burst is refused. */
    private static final int BURST = 50_000;

    private static final int CALLERS = 64;

    /** A power of two. */
    private static final int NURSES = 16;

    /** A call without a transport. It ignores the response. */
    private static final class Call extends ServerCall<GetLatestRequest, GetLatestResponse> {

        private final Attributes connection;

        Call(Attributes connection) {
            this.connection = connection;
        }

        @Override
        public void request(int messages) {}

        @Override
        public void sendHeaders(Metadata headers) {}

        @Override
        public void sendMessage(GetLatestResponse message) {}

        @Override
        public void close(Status status, Metadata trailers) {
            throw new IllegalStateException("refused: " + status);
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public MethodDescriptor<GetLatestRequest, GetLatestResponse> getMethodDescriptor() {
            return QueryServiceGrpc.getGetLatestMethod();
        }

        @Override
        public Attributes getAttributes() {
            return connection;
        }
    }

    /** An endpoint that counts the requests it gets. */
    private static class Endpoint extends ServerCall.Listener<GetLatestRequest>
            implements ServerCallHandler<GetLatestRequest, GetLatestResponse> {

        private long requestCount;

        @Override
        public ServerCall.Listener<GetLatestRequest> startCall(
                ServerCall<GetLatestRequest, GetLatestResponse> call, Metadata headers) {
            return this;
        }

        @Override
        public void onMessage(GetLatestRequest request) {
            requestCount++;
        }

        @Override
        public void onHalfClose() {}

        @Override
        public void onComplete() {}
    }

    /** A gate with nurses and patients, whose tokens and consents it has cached. */
    abstract static class GateState {

        BenchmarkGate gate;
        private Metadata[] headers;
        private GetLatestRequest[] requests;

        void open(AuditSettings.Mode mode, int patients) throws IOException, UnusableKeyException {
            gate = new BenchmarkGate(mode);
            headers = new Metadata[NURSES];
            for (int i = 0; i < headers.length; i++) {
                headers[i] = gate.headers(i);
            }
            requests = new GetLatestRequest[patients];
            for (int i = 0; i < requests.length; i++) {
                requests[i] = gate.registerPatient(i);
            }
        }

        /** Makes a unary call and waits until the endpoint gets the request. */
        void call(int number, Endpoint endpoint) throws InterruptedException {
            long countBefore = endpoint.requestCount;
            var call = new Call(gate.connection);
            var listener = gate.gate.interceptCall(call, headers[number & (NURSES - 1)], endpoint);
            listener.onMessage(requests[number & (requests.length - 1)]);
            listener.onHalfClose();
            while (endpoint.requestCount == countBefore) {
                gate.callExecutor().runNext();
            }
            listener.onComplete();
        }

        @TearDown
        public void close() {
            gate.close();
        }
    }

    /** Calls do not wait for the disk. */
    @State(Scope.Benchmark)
    public static class Unsynced extends GateState {

        /** OFF writes no records; a policy of the benchmark permits that. It measures the gate without a trail. */
        @Param({"ASYNC", "OFF"})
        AuditSettings.Mode mode;

        /** A power of two. */
        @Param({"1", "1024"})
        int patients;

        @Setup
        public void open() throws IOException, UnusableKeyException {
            open(mode, patients);
        }

        /** Waits until the audit queue is empty, so that no refusal is measured. */
        @Setup(Level.Invocation)
        public void awaitEmptyQueue() {
            while (!gate.isAllAudited()) {
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OperationsPerInvocation(BURST)
    @Warmup(iterations = 60)
    @Measurement(iterations = 60)
    public long decision(Unsynced state) throws InterruptedException {
        var endpoint = new Endpoint();
        for (int i = 0; i < BURST; i++) {
            state.call(i, endpoint);
        }
        return endpoint.requestCount;
    }

    /** Calls wait for the disk. */
    @State(Scope.Benchmark)
    public static class Synced extends GateState {

        @Setup
        public void open() throws IOException, UnusableKeyException {
            open(AuditSettings.Mode.SYNC, 1_024);
        }
    }

    /** Counts the calls, and the groups in which their records became durable. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Counts {

        public long calls;
        private Synced state;

        @Setup
        public void open(Synced state) {
            this.state = state;
        }

        /** Each group is counted in one thread's result. JMH reports the sum over all threads. */
        public long groups() {
            return state.gate.takeGroupCount();
        }
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @Threads(CALLERS)
    @Warmup(iterations = 3, time = 2)
    @Measurement(iterations = 5, time = 2)
    public void synced(Synced state, Counts counts) throws InterruptedException {
        state.call((int) counts.calls++, new Endpoint());
    }
}
