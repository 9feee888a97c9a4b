package io.pulseplane.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
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

@Timeout(30)
class ReadingsStreamTest {

    private static final String NAME = "ingest";
    private static final Duration RETRY_TIMEOUT = Duration.ofSeconds(20);

    /** What the plane does with a batch. */
    private enum Reaction {
        ACKNOWLEDGE,
        REFUSE,
        COME_BACK_LATER,
        BREAK_OFF,
        DENY
    }

    private final Queue<Reaction> reactions = new ConcurrentLinkedQueue<>();
    private final List<Long> received = Collections.synchronizedList(new ArrayList<>());
    private final List<String> told = Collections.synchronizedList(new ArrayList<>());

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
    void waits_at_its_end_until_every_batch_is_acknowledged() throws InterruptedException {
        var stream = stream(RETRY_TIMEOUT);
        stream.send(batch(1));
        stream.send(batch(2));

        stream.finish();

        assertThat(received).containsExactly(1L, 2L);
        assertThat(told).containsExactlyInAnyOrder("sent 2", "sent 2", "acknowledged 1", "acknowledged 2");
    }

    @Test
    void sends_what_is_not_acknowledged_again_in_order_when_the_connection_breaks() throws InterruptedException {
        reactions.addAll(List.of(Reaction.ACKNOWLEDGE, Reaction.BREAK_OFF));
        var stream = stream(RETRY_TIMEOUT);
        for (int sequence = 1; sequence <= 4; sequence++) {
            stream.send(batch(sequence));
        }

        stream.finish();

        assertThat(told).contains("acknowledged 1", "acknowledged 2", "acknowledged 3", "acknowledged 4");
        assertThat(received.subList(received.lastIndexOf(2L), received.size())).containsExactly(2L, 3L, 4L);
    }

    @Test
    void sends_a_batch_again_that_the_plane_had_no_room_for() throws InterruptedException {
        reactions.add(Reaction.COME_BACK_LATER);
        var stream = stream(RETRY_TIMEOUT);
        stream.send(batch(1));

        stream.finish();

        assertThat(received).containsExactly(1L, 1L);
        assertThat(told).containsExactly("sent 2", "acknowledged 1");
    }

    @Test
    void does_not_send_a_batch_again_that_the_plane_refused() throws InterruptedException {
        reactions.add(Reaction.REFUSE);
        var stream = stream(RETRY_TIMEOUT);
        stream.send(batch(1));
        stream.send(batch(2));

        stream.finish();

        assertThat(received).containsExactly(1L, 2L);
        assertThat(told).contains("refused 1 of 2", "acknowledged 2");
    }

    @Test
    void gives_up_with_what_the_plane_said_when_it_does_not_come_back() {
        server.shutdownNow();
        var stream = stream(Duration.ofMillis(1));

        assertThatThrownBy(() -> {
                    stream.send(batch(1));
                    stream.finish();
                })
                .hasMessageStartingWith("UNAVAILABLE");
    }

    @Test
    void does_not_try_again_where_that_is_no_use() {
        reactions.add(Reaction.DENY);
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
                told.add("sent " + readings);
            }

            @Override
            public void acknowledged(Acknowledgement acknowledgement, long nanosSinceSent) {
                told.add("acknowledged " + acknowledgement.getSequence());
            }

            @Override
            public void refused(RefusedBatch batch, int readings) {
                told.add("refused " + batch.getSequence() + " of " + readings);
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
                        case COME_BACK_LATER -> responses.onNext(refusal(sequence, Status.Code.RESOURCE_EXHAUSTED));
                        case BREAK_OFF -> responses.onError(Status.UNAVAILABLE.asRuntimeException());
                        case DENY -> responses.onError(Status.PERMISSION_DENIED.asRuntimeException());
                    }
                }

                @Override
                public void onError(Throwable failure) {
                    // The caller has gone away.
                }

                @Override
                public void onCompleted() {
                    responses.onCompleted();
                }
            };
        }
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
