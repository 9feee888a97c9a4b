package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import io.pulseplane.v1.StreamReadingsResponse.OutcomeCase;
import io.quarkus.test.junit.QuarkusTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that the plane answers invalid requests with a clear status, and continues to serve. */
@QuarkusTest
class BadInputTest extends PlaneTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "\u0000", "a\nb", " a", "Mu\u0308ller"})
    void refuses_invalid_ids(String id) {
        assertRefused(Status.Code.INVALID_ARGUMENT, "batch.device_id", () -> put(valid().setDeviceId(id)));
        assertRefused(Status.Code.INVALID_ARGUMENT, "batch.patient_id", () -> put(valid().setPatientId(id)));
    }

    @Test
    void refuses_an_id_of_101_characters() {
        assertRefused(Status.Code.INVALID_ARGUMENT, "batch.device_id", () -> put(valid().setDeviceId("d".repeat(101))));
    }

    @Test
    void refuses_a_sequence_of_zero() {
        assertRefused(Status.Code.INVALID_ARGUMENT, "batch.sequence", () -> put(valid().setSequence(0)));
    }

    @Test
    void refuses_columns_of_unequal_length_and_empty_columns() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "batch.columns[0].time_delta_us",
                () -> put(valid().setColumns(0, column().addValues(61))));
        assertRefused(Status.Code.INVALID_ARGUMENT, "batch.columns", () -> put(valid().clearColumns()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "batch.columns[1].values",
                () -> put(valid().addColumns(
                                column().setCode("9279-1").clearValues().clearTimeDeltaUs())));
    }

    @Test
    void refuses_repeated_and_invalid_codes() {
        assertRefused(Status.Code.INVALID_ARGUMENT, "batch.columns[1].code", () -> put(valid().addColumns(column())));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "batch.columns[0].code",
                () -> put(valid().setColumns(0, column().setCode(""))));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "batch.columns[0].unit",
                () -> put(valid().setColumns(0, column().setUnit("x".repeat(101)))));
    }

    @Test
    void refuses_times_that_overflow() {
        var columns = column().setStartUs(Long.MAX_VALUE).addTimeDeltaUs(1).addValues(61);
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "batch.columns[0].time_delta_us",
                () -> put(valid().setColumns(0, columns)));
        var down = column().setStartUs(Long.MIN_VALUE).setTimeDeltaUs(0, -1);
        assertRefused(
                Status.Code.INVALID_ARGUMENT, "batch.columns[0].time_delta_us", () -> put(valid().setColumns(0, down)));
    }

    @Test
    void reports_all_violations_at_once() {
        assertThatThrownBy(() -> put(valid().setDeviceId("").setPatientId("").setSequence(0)))
                .hasMessageContaining("batch.device_id must not be empty (and 2 more)");
    }

    @Test
    void refuses_more_readings_than_a_batch_may_hold() {
        var columns = column();
        for (int i = 0; i < 100_000; i++) {
            columns.addTimeDeltaUs(1).addValues(60);
        }
        assertRefused(Status.Code.INVALID_ARGUMENT, "batch.columns", () -> put(valid().setColumns(0, columns)));
    }

    @Test
    void refuses_more_codes_than_a_batch_may_hold() {
        var batch = valid();
        for (int i = 0; i < 1_000; i++) {
            batch.addColumns(column().setCode("code-" + i));
        }
        assertRefused(Status.Code.INVALID_ARGUMENT, "batch.columns", () -> put(batch));
    }

    @Test
    void refuses_a_message_of_ten_million_readings_before_parsing_it() {
        var packed = ByteString.copyFrom(new byte[10_000_000]);
        var columns = UnknownFieldSet.newBuilder()
                .addField(
                        Columns.TIME_DELTA_US_FIELD_NUMBER,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(packed)
                                .build())
                .build();
        assertRefusedWith(
                Status.Code.RESOURCE_EXHAUSTED,
                () -> put(valid().setColumns(0, Columns.newBuilder().setUnknownFields(columns))));
    }

    @Test
    void refuses_bytes_that_are_not_a_message() {
        for (var bytes : List.of(
                new byte[] {(byte) 0xFF},
                new byte[] {0x0A, 0x7F},
                new byte[] {0x0A, 0x02, 0x0A},
                "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8))) {
            assertRefusedWith(Status.Code.INVALID_ARGUMENT, () -> putBytes(bytes));
        }
    }

    @Test
    void refuses_a_truncated_message() {
        var whole = PutReadingsRequest.newBuilder().setBatch(valid()).build().toByteArray();
        assertRefusedWith(Status.Code.INVALID_ARGUMENT, () -> putBytes(Arrays.copyOf(whole, whole.length - 1)));
    }

    @Test
    void keeps_a_stream_alive_after_a_malformed_message() throws Exception {
        var answers = new CopyOnWriteArrayList<StreamReadingsResponse>();
        var ended = new CompletableFuture<Void>();
        var requests = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(raw(IngestServiceGrpc.getStreamReadingsMethod()), CallOptions.DEFAULT),
                new StreamObserver<StreamReadingsResponse>() {
                    @Override
                    public void onNext(StreamReadingsResponse answer) {
                        answers.add(answer);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        ended.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {
                        ended.complete(null);
                    }
                });
        requests.onNext(new byte[] {(byte) 0xFF});
        requests.onNext(
                StreamReadingsRequest.newBuilder().setBatch(valid()).build().toByteArray());
        requests.onCompleted();
        ended.get(10, TimeUnit.SECONDS);
        assertThat(answers)
                .extracting(StreamReadingsResponse::getOutcomeCase)
                .containsExactly(OutcomeCase.REFUSED, OutcomeCase.ACKNOWLEDGEMENT);
        assertThat(answers.getFirst().getRefused().getError().getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT.value());
    }

    /**
     * Flips bits of a valid message, and truncates or extends it: every call gets a clear status, and the plane still
     * serves.
     */
    @Test
    void answers_every_mangled_message_with_a_clear_status() {
        var allowed = Set.of(Status.Code.INVALID_ARGUMENT, Status.Code.ALREADY_EXISTS);
        var random = new SplittableRandom(20261121);
        var validBytes = PutReadingsRequest.newBuilder()
                .setBatch(valid().addColumns(
                                column().setCode("9279-1").addTimeDeltaUs(5).addValues(12)))
                .build()
                .toByteArray();
        int refused = 0;
        for (int round = 0; round < 1_500; round++) {
            try {
                putBytes(mangled(validBytes, random));
            } catch (StatusRuntimeException e) {
                refused++;
                if (!allowed.contains(e.getStatus().getCode())) {
                    fail("round " + round, e);
                }
            }
        }
        assertThat(refused).isGreaterThan(500);
        assertThat(put(heartRates(times(T0 + 1_000), 60)).getAccepted()).isEqualTo(1);
    }

    private static byte[] mangled(byte[] validBytes, SplittableRandom random) {
        var bytes = validBytes.clone();
        for (int flips = random.nextInt(1, 4); flips > 0; flips--) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return switch (random.nextInt(3)) {
            case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> Arrays.copyOf(bytes, bytes.length + random.nextInt(20));
            default -> bytes;
        };
    }

    private Batch.Builder valid() {
        return heartRates(times(T0), 60).toBuilder();
    }

    private static Columns.Builder column() {
        return columns(HEART_RATE, "/min", times(T0), 60).toBuilder();
    }

    private void put(Batch.Builder batch) {
        put(batch.build());
    }

    private static void assertRefusedWith(Status.Code code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        refusal -> assertThat(refusal.getStatus().getCode()).isEqualTo(code));
    }

    private void putBytes(byte[] bytes) {
        ClientCalls.blockingUnaryCall(
                channel, raw(IngestServiceGrpc.getPutReadingsMethod()), CallOptions.DEFAULT, bytes);
    }

    private static <R> MethodDescriptor<byte[], R> raw(MethodDescriptor<?, R> method) {
        return method.toBuilder(new RawMarshaller(), method.getResponseMarshaller())
                .build();
    }

    /** Sends bytes as they are. */
    private static final class RawMarshaller implements MethodDescriptor.Marshaller<byte[]> {

        @Override
        public InputStream stream(byte[] bytes) {
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
