package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.quarkus.grpc.runtime.GrpcServer;
import io.quarkus.test.common.WithTestResource;
import jakarta.inject.Inject;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Runs a plane, with a policy and a token that permit everything, for tests of the endpoints behind the gate. Each test
 * has its own patient and device.
 */
@WithTestResource(FreshDirectory.class)
@WithTestResource(AllowAllPolicy.class)
abstract class PlaneTest {

    static final String HEART_RATE = "8867-4";
    static final long T0 = 1_763_000_000_000_000L;

    private final String test = UUID.randomUUID().toString();
    final String patient = "patient-" + test;
    final String device = "device-" + test;

    @Inject
    GrpcServer server;

    @Inject
    PlaneConfig config;

    private ManagedChannel connection;

    /** Sends the token with every call. */
    Channel channel;

    IngestServiceGrpc.IngestServiceBlockingStub ingest;
    QueryServiceGrpc.QueryServiceBlockingStub query;
    RegistryServiceGrpc.RegistryServiceBlockingStub registry;

    private long sequence;

    @BeforeEach
    void open() {
        connection = NettyChannelBuilder.forAddress("localhost", server.getPort())
                .usePlaintext()
                .build();
        channel = ClientInterceptors.intercept(
                connection, Tokens.bearer(Tokens.of(config.dataDir(), "tester", "clinical_admin")));
        ingest = IngestServiceGrpc.newBlockingStub(channel);
        query = QueryServiceGrpc.newBlockingStub(channel);
        registry = RegistryServiceGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void close() throws InterruptedException {
        connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }

    static Columns columns(String code, String unit, long[] times, double... values) {
        var columns = Columns.newBuilder().setCode(code).setUnit(unit).setStartUs(times[0]);
        long last = times[0];
        for (long time : times) {
            columns.addTimeDeltaUs(time - last);
            last = time;
        }
        for (double value : values) {
            columns.addValues(value);
        }
        return columns.build();
    }

    static long[] times(long... times) {
        return times;
    }

    /** Creates a batch of the patient and device of this test, with the next sequence. */
    Batch batch(Columns... columns) {
        return Batch.newBuilder()
                .setDeviceId(device)
                .setPatientId(patient)
                .setSequence(++sequence)
                .addAllColumns(List.of(columns))
                .build();
    }

    Batch heartRates(long[] times, double... values) {
        return batch(columns(HEART_RATE, "/min", times, values));
    }

    Acknowledgement put(Batch batch) {
        return ingest.putReadings(
                        PutReadingsRequest.newBuilder().setBatch(batch).build())
                .getAcknowledgement();
    }

    /**
     * Asserts that a call fails with a status, and with a violation of the field; an empty field means no violation.
     */
    static void assertRefused(Status.Code code, String field, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class, refusal -> {
            assertThat(refusal.getStatus().getCode()).isEqualTo(code);
            var fields = violations(refusal);
            if (field.isEmpty()) {
                assertThat(fields).isEmpty();
            } else {
                assertThat(fields).contains(field);
            }
        });
    }

    private static List<String> violations(StatusRuntimeException refusal) {
        return StatusProto.fromThrowable(refusal).getDetailsList().stream()
                .filter(detail -> detail.is(BadRequest.class))
                .flatMap(detail -> unpack(detail).getFieldViolationsList().stream())
                .map(BadRequest.FieldViolation::getField)
                .toList();
    }

    private static BadRequest unpack(Any detail) {
        try {
            return detail.unpack(BadRequest.class);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
