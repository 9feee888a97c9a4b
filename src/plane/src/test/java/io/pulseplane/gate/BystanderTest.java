package io.pulseplane.gate;

import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.gate.GateRequests.STAFF;
import static io.pulseplane.gate.GateRequests.latest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.MessageLite;
import io.grpc.Channel;
import io.grpc.Status;
import io.pulseplane.api.Tokens;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.vitals.Series;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One caller asks for far more than fits into memory and takes none of it; another one goes on. */
class BystanderTest extends GatedPlaneTestBase {

    private static final int CONNECTIONS = Integer.getInteger("pulseplane.attack.connections", 12);
    private static final int CALLS = Integer.getInteger("pulseplane.attack.calls", 250);
    private static final int READINGS = 50_000;
    private static final long SHARE = 16 << 20;

    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final byte[] WINDOW_OF_ZERO = ByteBuffer.allocate(Short.BYTES + Integer.BYTES)
            .putShort((short) INITIAL_WINDOW_SIZE)
            .putInt(0)
            .array();

    private final List<RawHttp2Client> attackers = new ArrayList<>();
    private Channel bystander;

    @BeforeEach
    void fill() {
        for (var patient : List.of(ada, bob)) {
            appendAll(
                    plane.store,
                    columns(
                            new Series(patient, monitor, GateRequests.HEART_RATE, "/min"),
                            LongStream.range(0, READINGS)
                                    .map(i -> T0 + i * 1_000_000)
                                    .toArray(),
                            IntStream.range(0, READINGS)
                                    .mapToDouble(i -> 40 + i % 1_000 / 10.0)
                                    .toArray()));
            plane.grant(patient);
        }
        bystander = plane.with(Tokens.of(directory, "bystander", STAFF));
        assertThat(latest(bystander, bob).code()).isEqualTo(Status.Code.OK);
    }

    @AfterEach
    void end() throws IOException {
        for (var attacker : attackers) {
            attacker.close();
        }
        await("what the attacker held is free again").until(() -> plane.budget.usedBytes() == 0);
    }

    private void attack(String rpc, MessageLite request) throws IOException {
        var token = Map.of("authorization", "Bearer " + Tokens.of(directory, "attacker", STAFF));
        for (int i = 0; i < CONNECTIONS; i++) {
            var client = new RawHttp2Client(plane.port());
            attackers.add(client);
            client.frame(RawHttp2Client.SETTINGS, RawHttp2Client.NO_FLAGS, 0, WINDOW_OF_ZERO);
            for (int call = 0; call < CALLS; call++) {
                client.call(2 * call + 1, rpc, token, request.toByteArray());
            }
            client.flush();
            assertBystanderIsServed();
        }
    }

    private void assertBystanderIsServed() {
        for (int i = 0; i < 20; i++) {
            assertThat(latest(bystander, bob).code()).isEqualTo(Status.Code.OK);
            assertThat(plane.budget.usedBytes()).isLessThanOrEqualTo(SHARE);
        }
    }

    @Test
    void readings_that_nobody_takes_are_held_within_the_share_of_their_caller() throws IOException {
        attack(
                "/pulseplane.v1.QueryService/QueryReadings",
                QueryReadingsRequest.newBuilder().setPatientId(ada).build());
        await().untilAsserted(() -> assertThat(plane.budget.usedBytes()).isGreaterThan(SHARE / 2));
        assertBystanderIsServed();
    }

    @Test
    void windows_with_quantiles_that_nobody_takes_are_held_within_the_share_of_their_caller() throws IOException {
        attack(
                "/pulseplane.v1.QueryService/Aggregate",
                AggregateRequest.newBuilder()
                        .setPatientId(ada)
                        .setWindowUs(10_000_000)
                        .addQuantiles(0.5)
                        .build());
        assertBystanderIsServed();
    }
}
