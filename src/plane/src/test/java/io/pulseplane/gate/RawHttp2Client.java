package io.pulseplane.gate;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.pulseplane.ReadingFixtures;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A client that sends any HTTP/2 frames, valid or not. Libraries do not allow that. */
public final class RawHttp2Client implements AutoCloseable {

    public static final int DATA = 0;
    public static final int HEADERS = 1;
    public static final int RST_STREAM = 3;
    public static final int SETTINGS = 4;
    public static final int PING = 6;
    public static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    public static final int NO_FLAGS = 0;
    static final int ACK = 1;
    public static final int END_STREAM = 1;
    public static final int END_HEADERS = 4;

    static final int NO_ERROR = 0;
    static final int REFUSED_STREAM = 7;
    static final int CANCEL = 8;
    static final int ENHANCE_YOUR_CALM = 11;

    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int FRAME_HEADER = 9;

    /** A received frame. */
    public record Frame(int type, int flags, int stream, byte[] payload) {

        /** The error code of RST_STREAM, or of GOAWAY, where it follows the number of the last stream. */
        int error() {
            return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? Integer.BYTES : 0);
        }
    }

    private final Socket socket;
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private final List<Frame> received = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Http2HeadersEncoder encoder =
            new DefaultHttp2HeadersEncoder(Http2HeadersEncoder.NEVER_SENSITIVE, true);

    /** Connects and sends the preface of HTTP/2 and its settings. */
    public RawHttp2Client(int port) throws IOException {
        this(port, PREFACE);
        frame(SETTINGS, NO_FLAGS, 0).flush();
    }

    /** Connects and sends this text. */
    public RawHttp2Client(int port, String opening) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        waiting.writeBytes(opening.getBytes(StandardCharsets.US_ASCII));
        flush();
        Thread.ofVirtual().start(this::read);
    }

    private void read() {
        try {
            var in = new DataInputStream(socket.getInputStream());
            while (true) {
                int length = (in.readUnsignedShort() << Byte.SIZE) | in.readUnsignedByte();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                int stream = in.readInt() & Integer.MAX_VALUE;
                var payload = in.readNBytes(length);
                if (type == PING && flags == NO_FLAGS) {
                    send(bytes(PING, ACK, 0, payload));
                }
                received.add(new Frame(type, flags, stream, payload));
            }
        } catch (IOException _) {
            closed.complete(null);
        }
    }

    /** Adds a frame to those that wait for {@link #flush}. */
    public RawHttp2Client frame(int type, int flags, int stream, byte... payload) {
        waiting.writeBytes(bytes(type, flags, stream, payload));
        return this;
    }

    private static byte[] bytes(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(FRAME_HEADER + payload.length)
                .putShort((short) (payload.length >> Byte.SIZE))
                .put((byte) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    /** Acknowledges the settings of the server. */
    RawHttp2Client acknowledge() {
        return frame(SETTINGS, ACK, 0);
    }

    public RawHttp2Client reset(int stream) {
        return frame(RST_STREAM, NO_FLAGS, stream, number(CANCEL));
    }

    /** Adds the frames of a call with one message. */
    public RawHttp2Client call(int stream, String path, Map<String, String> metadata, byte[] message) {
        frame(HEADERS, END_HEADERS, stream, headers(path, metadata));
        var data = ByteBuffer.allocate(1 + Integer.BYTES + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message);
        return frame(DATA, END_STREAM, stream, data.array());
    }

    /** The headers that begin a gRPC call, compressed with HPACK. */
    public byte[] headers(String path, Map<String, String> metadata) {
        Http2Headers headers = new DefaultHttp2Headers(false)
                .method("POST")
                .scheme("http")
                .path(path)
                .authority("localhost")
                .add("te", "trailers")
                .add("content-type", "application/grpc");
        metadata.forEach(headers::add);
        var buffer = Unpooled.buffer();
        try {
            encoder.encodeHeaders(1, headers, buffer);
        } catch (Http2Exception e) {
            throw new AssertionError(e);
        }
        return Arrays.copyOf(buffer.array(), buffer.readableBytes());
    }

    static byte[] number(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }

    /** Sends the frames. Returns false if the server has closed the connection. */
    public boolean flush() {
        try {
            send(waiting.toByteArray());
            return true;
        } catch (IOException _) {
            return false;
        } finally {
            waiting.reset();
        }
    }

    private synchronized void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    public List<Frame> received(int type) {
        return received.stream().filter(frame -> frame.type() == type).toList();
    }

    public boolean isClosed() {
        return closed.isDone();
    }

    /** Fails if the server does not close the connection. */
    void awaitClosed() {
        closed.orTimeout(ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
