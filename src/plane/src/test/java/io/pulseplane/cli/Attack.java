package io.pulseplane.cli;

import io.pulseplane.gate.RawHttp2Client;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.WatchRequest;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** A way to take a plane from the others. */
enum Attack {
    RANGES_THAT_NOBODY_TAKES {
        @Override
        void attack(Attacker attacker) throws IOException {
            floodWithoutWindow(
                    attacker,
                    QueryServiceGrpc.getQueryReadingsMethod().getFullMethodName(),
                    QueryReadingsRequest.newBuilder()
                            .setPatientId("ada")
                            .build()
                            .toByteArray());
        }
    },
    WINDOWS_THAT_NOBODY_TAKES {
        @Override
        void attack(Attacker attacker) throws IOException {
            floodWithoutWindow(
                    attacker,
                    QueryServiceGrpc.getAggregateMethod().getFullMethodName(),
                    AggregateRequest.newBuilder()
                            .setPatientId("ada")
                            .setWindowUs(1_000_000)
                            .addQuantiles(0.5)
                            .build()
                            .toByteArray());
        }
    },
    WATCHES_THAT_NOBODY_READS {
        @Override
        void attack(Attacker attacker) throws IOException {
            floodWithoutWindow(
                    attacker,
                    QueryServiceGrpc.getWatchMethod().getFullMethodName(),
                    WatchRequest.newBuilder().addPatientIds("ada").build().toByteArray());
        }
    },
    STREAMS_OF_QUERIES_THAT_NOBODY_READS {
        @Override
        void attack(Attacker attacker) throws IOException {
            var query = StreamLatestRequest.newBuilder()
                    .setPatientId("ada")
                    .addAllCodes(IntStream.range(0, 100)
                            .mapToObj(i -> "a-code-of-a-vendor-" + i)
                            .toList())
                    .build()
                    .toByteArray();
            var messages = messages(query, 5);
            try (var client = attacker.connectWithoutWindow()) {
                openStreams(attacker, client, messages);
            }
        }
    },
    DEADLINES_THAT_PASS {
        @Override
        void attack(Attacker attacker) throws IOException {
            var statistics = GetStatisticsRequest.newBuilder()
                    .setPatientId("ada")
                    .addQuantiles(0.9)
                    .build()
                    .toByteArray();
            try (var client = attacker.connect()) {
                for (int call = 1; call < 2 * CALLS; call += 2) {
                    client.call(
                            call,
                            "/" + QueryServiceGrpc.getGetStatisticsMethod().getFullMethodName(),
                            attacker.metadata(Map.of("grpc-timeout", 1 + call % 20 + "m")),
                            statistics);
                }
                client.flush();
                hold();
            }
        }
    },
    CALLS_THAT_ARE_ABANDONED {
        @Override
        void attack(Attacker attacker) throws IOException {
            var range = QueryReadingsRequest.newBuilder()
                    .setPatientId("ada")
                    .build()
                    .toByteArray();
            try (var client = attacker.connect()) {
                for (int call = 1; call < 2 * CALLS; call += 2) {
                    client.call(
                                    call,
                                    "/"
                                            + QueryServiceGrpc.getQueryReadingsMethod()
                                                    .getFullMethodName(),
                                    attacker.metadata(),
                                    range)
                            .reset(call);
                }
                client.flush();
                hold();
            }
        }
    },
    CONNECTIONS_THAT_SAY_NOTHING {
        @Override
        void attack(Attacker attacker) throws IOException {
            var sockets = new ArrayList<Socket>();
            try {
                for (int i = 0; i < 2 * CALLS; i++) {
                    sockets.add(attacker.open());
                }
                hold();
            } finally {
                for (var socket : sockets) {
                    socket.close();
                }
            }
        }
    },
    MESSAGES_THAT_ARE_NOT_FINISHED {
        @Override
        void attack(Attacker attacker) throws IOException {
            var beginning =
                    ByteBuffer.allocate(16_384).put((byte) 0).putInt(4 << 20).array();
            try (var client = attacker.connect()) {
                openStreams(attacker, client, beginning);
            }
        }
    },
    TOKENS_AND_BYTES_THAT_ARE_NONE {
        @Override
        void attack(Attacker attacker) throws IOException {
            try (var client = attacker.connect()) {
                for (int call = 1; call < 2 * CALLS; call += 4) {
                    client.call(call, LATEST, Map.of("authorization", "Bearer " + "x".repeat(4_000)), ADA)
                            .call(call + 2, LATEST, attacker.metadata(), new byte[] {(byte) 0xFF, 1, 2, 3});
                }
                client.frame(99, RawHttp2Client.NO_FLAGS, 1, new byte[1_000]).flush();
                hold();
            }
        }
    };

    private static final int CALLS = 100;

    /** How long an attacker keeps what it has. */
    private static final Duration HOLD = Duration.ofMillis(300);

    private static final String STREAM_LATEST =
            "/" + QueryServiceGrpc.getStreamLatestMethod().getFullMethodName();
    private static final String LATEST =
            "/" + QueryServiceGrpc.getGetLatestMethod().getFullMethodName();
    private static final byte[] ADA =
            GetLatestRequest.newBuilder().setPatientId("ada").build().toByteArray();

    abstract void attack(Attacker attacker) throws IOException;

    /** Attacks once. The plane may close connections, and may refuse new ones. */
    final void run(Attacker attacker) {
        try {
            attack(attacker);
        } catch (IOException _) {
            hold();
        }
    }

    private static void floodWithoutWindow(Attacker attacker, String rpc, byte[] request) throws IOException {
        List<RawHttp2Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                var client = attacker.connectWithoutWindow();
                clients.add(client);
                for (int call = 1; call < 2 * CALLS; call += 2) {
                    client.call(call, "/" + rpc, attacker.metadata(), request);
                }
                client.flush();
            }
            hold();
        } finally {
            for (var client : clients) {
                client.close();
            }
        }
    }

    /** Opens streams of queries, sends the same bytes on each, and leaves them open. */
    private static void openStreams(Attacker attacker, RawHttp2Client client, byte[] bytes) {
        for (int call = 1; call < 2 * CALLS; call += 2) {
            client.frame(
                            RawHttp2Client.HEADERS,
                            RawHttp2Client.END_HEADERS,
                            call,
                            client.headers(STREAM_LATEST, attacker.metadata()))
                    .frame(RawHttp2Client.DATA, RawHttp2Client.NO_FLAGS, call, bytes);
        }
        client.flush();
        hold();
    }

    private static byte[] messages(byte[] message, int count) {
        var one = ByteBuffer.allocate(1 + Integer.BYTES + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
        var all = Arrays.copyOf(one, count * one.length);
        for (int i = 1; i < count; i++) {
            System.arraycopy(one, 0, all, i * one.length, one.length);
        }
        return all;
    }

    /** Lets the plane work on it. */
    private static void hold() {
        LockSupport.parkNanos(HOLD.toNanos());
    }
}
