package io.pulseplane.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.rpc.RetryInfo;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.RefusedBatch;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(30)
class ReadingsStreamTest {

    private static final String NAME = "ingest";
    private static final Duration RETRY_TIMEOUT = Duration.ofSeconds(20);

    /** How long the plane asks to wait. */
    private static final Duration TOLD = Duration.ofMillis(700);

    /** The reaction of the plane to a batch. */
    private enum Reaction {
        ACKNOWLEDGE,
        REFUSE,
        RETRY_LATER,
        RETRY_AS_TOLD,
        FAIL_STREAM,
        FAIL_STREAM_AS_TOLD,
        DENY_PERMISSION
    }

    private final Queue<Reaction> reactions = new ConcurrentLinkedQueue<>();
    private final List<Long> received = Collections.synchronizedList(new ArrayList<>());
    private final List<String> outcomes = Collections.synchronizedList(new ArrayList<>());

    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        server = InProcessServerBuilder.forName(NAME)
                .addService(new Ingest())
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(NAME).build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    @Test
    void finish_waits_until_every_batch_is_acknowledged() throws InterruptedException {
        var stream = stream(RETRY_TIMEOUT);
        stream.send(batch(1));
        stream.send(batch(2));

        stream.finish();

        assertThat(received).containsExactly(1L, 2L);
        assertThat(outcomes).containsExactlyInAnyOrder("sent 2", "sent 2", "acknowledged 1", "acknowledged 2");
    }

    @Test
    void resends_unacknowledged_batches_in_order_after_a_lost_connection() throws InterruptedException {
        reactions.addAll(List.of(Reaction.ACKNOWLEDGE, Reaction.FAIL_STREAM));
        var stream = stream(RETRY_TIMEOUT);
        for (int sequence = 1; sequence <= 4; sequence++) {
            stream.send(batch(sequence));
        }

        stream.finish();

        assertThat(outcomes).contains("acknowledged 1", "acknowledged 2", "acknowledged 3", "acknowledged 4");
        assertThat(received.subList(received.lastIndexOf(2L), received.size())).containsExactly(2L, 3L, 4L);
    }

    @Test
    void resends_a_batch_that_the_plane_had_no_room_for() throws InterruptedException {
        reactions.add(Reaction.RETRY_LATER);
        var stream = stream(RETRY_TIMEOUT);
        stream.send(batch(1));

        stream.finish();

        assertThat(received).containsExactly(1L, 1L);
        assertThat(outcomes).containsExactly("sent 2", "acknowledged 1");
    }

    @ParameterizedTest
    @EnumSource(names = {"RETRY_AS_TOLD", "FAIL_STREAM_AS_TOLD"})
    void waits_as_long_as_the_plane_asks_and_says_so(Reaction reaction) throws InterruptedException {
        reactions.add(reaction);
        var stream = stream(RETRY_TIMEOUT);
        long start = System.nanoTime();
        stream.send(batch(1));

        stream.finish();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(TOLD);
        assertThat(received).containsExactly(1L, 1L);
        assertThat(outcomes).containsExactly("sent 2", "asked to wait PT0.7S", "acknowledged 1");
    }

    @Test
    void gives_up_when_the_plane_asks_for_more_time_than_there_is() {
        reactions.add(Reaction.RETRY_AS_TOLD);
        var stream = stream(TOLD.minusMillis(1));

        assertThatThrownBy(() -> {
                    stream.send(batch(1));
                    stream.finish();
                })
                .hasMessage(
                        "RESOURCE_EXHAUSTED: full; gave up, because the plane asks to wait 0.7 s and the limit for all"
                                + " attempts is 0.699 s");
        assertThat(received).containsExactly(1L);
    }

    @Test
    void gives_up_after_the_retry_timeout_though_the_plane_answers_each_time() {
        for (int i = 0; i < 1_000; i++) {
            reactions.add(Reaction.RETRY_LATER);
        }
        var stream = stream(Duration.ofSeconds(1));

        assertThatThrownBy(() -> {
                    stream.send(batch(1));
                    stream.finish();
                })
                .hasMessage("RESOURCE_EXHAUSTED: gave up after 1 s");
        // The pauses double from 100 ms.
        assertThat(received).hasSizeBetween(2, 6);
    }

    @Test
    void does_not_resend_a_batch_that_the_plane_refused() throws InterruptedException {
        reactions.add(Reaction.REFUSE);
        var stream = stream(RETRY_TIMEOUT);
        stream.send(batch(1));
        stream.send(batch(2));

        stream.finish();

        assertThat(received).containsExactly(1L, 2L);
        assertThat(outcomes).contains("refused 1 of 2", "acknowledged 2");
    }

    @Test
    void fails_with_the_last_status_after_the_retry_timeout() {
        server.shutdownNow();
        var stream = stream(Duration.ofMillis(1));

        assertThatThrownBy(() -> {
                    stream.send(batch(1));
                    stream.finish();
                })
                .hasMessageStartingWith("UNAVAILABLE");
    }

    @Test
    void does_not_retry_a_status_that_is_not_retryable() {
        reactions.add(Reaction.DENY_PERMISSION);
        var stream = stream(RETRY_TIMEOUT);

        assertThatThrownBy(() -> {
                    stream.send(batch(1));
                    stream.finish();
                })
                .hasMessageStartingWith("PERMISSION_DENIED");
    }

    private ReadingsStream stream(Duration retryTimeout) {
        return new ReadingsStream(channel, 16, retryTimeout, new ReadingsStream.Listener() {
            @Override
            public void sent(int readings) {
                outcomes.add("sent " + readings);
            }

            @Override
            public void acknowledged(Acknowledgement acknowledgement, long nanosSinceSent) {
                outcomes.add("acknowledged " + acknowledgement.getSequence());
            }

            @Override
            public void waiting(Duration delay, boolean asked, Status failure) {
                if (asked) {
                    outcomes.add("asked to wait " + delay);
                }
            }

            @Override
            public void refused(RefusedBatch batch, int readings) {
                outcomes.add("refused " + batch.getSequence() + " of " + readings);
            }
        });
    }

    private static Batch batch(long sequence) {
        var builder = new BatchBuilder("d1", "ada");
        builder.add(sequence, "8867-4", 60, "/min");
        builder.add(sequence, "59408-5", 97, "%");
        return builder.build(sequence);
    }

    private final class Ingest extends IngestServiceGrpc.IngestServiceImplBase {
        @Override
        public StreamObserver<StreamReadingsRequest> streamReadings(StreamObserver<StreamReadingsResponse> responses) {
            return new StreamObserver<>() {
                @Override
                public void onNext(StreamReadingsRequest request) {
                    var sequence = request.getBatch().getSequence();
                    received.add(sequence);
                    var reaction = reactions.poll();
                    switch (reaction == null ? Reaction.ACKNOWLEDGE : reaction) {
                        case ACKNOWLEDGE ->
                            responses.onNext(StreamReadingsResponse.newBuilder()
                                    .setAcknowledgement(Acknowledgement.newBuilder()
                                            .setDeviceId("d1")
                                            .setSequence(sequence))
                                    .build());
                        case REFUSE -> responses.onNext(refusal(sequence, Status.Code.INVALID_ARGUMENT));
                        case RETRY_LATER -> responses.onNext(refusal(sequence, Status.Code.RESOURCE_EXHAUSTED));
                        case RETRY_AS_TOLD ->
                            responses.onNext(StreamReadingsResponse.newBuilder()
                                    .setRefused(RefusedBatch.newBuilder()
                                            .setDeviceId("d1")
                                            .setSequence(sequence)
                                            .setError(full()))
                                    .build());
                        case FAIL_STREAM_AS_TOLD -> responses.onError(StatusProto.toStatusRuntimeException(full()));
                        case FAIL_STREAM -> responses.onError(Status.UNAVAILABLE.asRuntimeException());
                        case DENY_PERMISSION -> responses.onError(Status.PERMISSION_DENIED.asRuntimeException());
                    }
                }

                @Override
                public void onError(Throwable failure) {
                    // The caller cancelled the stream.
                }

                @Override
                public void onCompleted() {
                    responses.onCompleted();
                }
            };
        }
    }

    private static com.google.rpc.Status full() {
        return com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
                .setMessage("full")
                .addDetails(Any.pack(RetryInfo.newBuilder()
                        .setRetryDelay(com.google.protobuf.Duration.newBuilder().setNanos(TOLD.getNano()))
                        .build()))
                .build();
    }

    private static StreamReadingsResponse refusal(long sequence, Status.Code code) {
        return StreamReadingsResponse.newBuilder()
                .setRefused(RefusedBatch.newBuilder()
                        .setDeviceId("d1")
                        .setSequence(sequence)
                        .setError(com.google.rpc.Status.newBuilder().setCode(code.value())))
                .build();
    }
}
