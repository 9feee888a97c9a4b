package io.pulseplane.loadtest.jmh;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.pulseplane.gate.audit.AuditSettings;
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
 * What a call pays for passing the gate when everything it is decided by is known: from the token's bytes to the request
 * in the endpoint's hands, with the record of it handed over to a log on a real disk. {@code decision} is that, without a
 * wait for the disk; {@code synced} is 64 callers who do wait, with the number of groups that became durable for them.
 */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class GateBenchmark {

    /** What the audit log makes durable at once, and no more than it has room for. */
    private static final int BURST = 50_000;

    private static final int CALLERS = 64;

    /** A power of two. */
    private static final int NURSES = 16;

    /** A call without a transport. What is answered is of no interest. */
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

    /** An endpoint that counts what it is asked. */
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

    /** A plane that has decided on everything before. */
    abstract static class Warm {

        BenchmarkGate plane;
        private Metadata[] headers;
        private GetLatestRequest[] requests;

        void open(AuditSettings.Mode mode, int patients) throws IOException, UnusableKeyException {
            plane = new BenchmarkGate(mode);
            headers = new Metadata[NURSES];
            for (int i = 0; i < headers.length; i++) {
                headers[i] = plane.headers(i);
            }
            requests = new GetLatestRequest[patients];
            for (int i = 0; i < requests.length; i++) {
                requests[i] = plane.registerPatient(i);
            }
        }

        /** A unary call, from its headers to its end. What is not decided at once is waited for. */
        void call(int number, Endpoint endpoint) throws InterruptedException {
            long before = endpoint.requestCount;
            var call = new Call(plane.connection);
            var listener = plane.gate.interceptCall(call, headers[number & NURSES - 1], endpoint);
            listener.onMessage(requests[number & requests.length - 1]);
            listener.onHalfClose();
            while (endpoint.requestCount == before) {
                plane.callExecutor().runNext();
            }
            listener.onComplete();
        }

        @TearDown
        public void close() {
            plane.close();
        }
    }

    /** Nobody waits for the disk. */
    @State(Scope.Benchmark)
    public static class Unsynced extends Warm {

        /** OFF writes nothing, which a policy of this benchmark's own permits: all the rest of the gate, to compare with. */
        @Param({"ASYNC", "OFF"})
        AuditSettings.Mode mode;

        /** A power of two. */
        @Param({"1", "1024"})
        int patients;

        @Setup
        public void open() throws IOException, UnusableKeyException {
            open(mode, patients);
        }

        /** A burst finds an empty queue, so that no refusal is measured. */
        @Setup(Level.Invocation)
        public void awaitRoom() {
            while (!plane.isAllAudited()) {
                LockSupport.parkNanos(1_000_000);
            }
        }
    }

    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OperationsPerInvocation(BURST)
    @Warmup(iterations = 60)
    @Measurement(iterations = 60)
    public long decision(Unsynced warm) throws InterruptedException {
        var endpoint = new Endpoint();
        for (int i = 0; i < BURST; i++) {
            warm.call(i, endpoint);
        }
        return endpoint.requestCount;
    }

    /** Everybody waits for the disk. */
    @State(Scope.Benchmark)
    public static class Synced extends Warm {

        @Setup
        public void open() throws IOException, UnusableKeyException {
            open(AuditSettings.Mode.SYNC, 1_024);
        }
    }

    /** How many calls it were, and how many groups they became durable in. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Counts {

        public long calls;
        private Synced synced;

        @Setup
        public void open(Synced of) {
            synced = of;
        }

        /** Each group is counted by one of the callers: their sum is what is reported. */
        public long groups() {
            return synced.plane.takeGroupCount();
        }
    }

    @Benchmark
    @BenchmarkMode(Mode.AverageTime)
    @Threads(CALLERS)
    @Warmup(iterations = 3, time = 2)
    @Measurement(iterations = 5, time = 2)
    public void synced(Synced warm, Counts counts) throws InterruptedException {
        warm.call((int) counts.calls++, new Endpoint());
    }
}
