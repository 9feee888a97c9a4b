package io.pulseplane.cli;

import io.pulseplane.gate.RawHttp2Client;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Somebody who can reach a plane and has one token.
 *
 * @param target host and port of the plane
 */
record Attacker(String target, String token) {

    private static final int INITIAL_WINDOW_SIZE = 4;

    /** Settings with which the client takes no byte of any answer. */
    private static final byte[] WINDOW_OF_ZERO = ByteBuffer.allocate(Short.BYTES + Integer.BYTES)
            .putShort((short) INITIAL_WINDOW_SIZE)
            .putInt(0)
            .array();

    int port() {
        return Integer.parseInt(target.substring(target.indexOf(':') + 1));
    }

    RawHttp2Client connect() throws IOException {
        return new RawHttp2Client(port());
    }

    /** Connects, and takes no byte of any answer. */
    RawHttp2Client connectWithoutWindow() throws IOException {
        return connect().frame(RawHttp2Client.SETTINGS, RawHttp2Client.NO_FLAGS, 0, WINDOW_OF_ZERO);
    }

    Socket open() throws IOException {
        return new Socket("localhost", port());
    }

    Map<String, String> metadata() {
        return metadata(Map.of());
    }

    Map<String, String> metadata(Map<String, String> more) {
        var metadata = new HashMap<>(more);
        metadata.put("authorization", "Bearer " + token);
        return metadata;
    }
}
