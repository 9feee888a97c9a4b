package io.pulseplane.gate.audit.anchoring;

import io.pulseplane.files.PrivateFiles;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** A place that keeps anchors. */
public sealed interface AnchorPlace {

    /** Hands over an anchor. Blocks. */
    void keep(Anchor anchor) throws IOException;

    /**
     * Reads a place as it is written in the configuration: {@code file:PATH}, {@code syslog+udp://HOST:PORT} or
     * {@code syslog+tcp://HOST:PORT}.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    static AnchorPlace parse(String text) {
        if (text.startsWith("file:") && text.length() > "file:".length()) {
            return new InFile(Path.of(text.substring("file:".length())));
        }
        var uri = URI.create(text);
        boolean hasPlace = uri.getHost() != null && uri.getPort() > 0 && uri.getPort() < 1 << 16;
        if (hasPlace && "syslog+udp".equals(uri.getScheme())) {
            return new InSyslog(uri.getHost(), uri.getPort(), false);
        }
        if (hasPlace && "syslog+tcp".equals(uri.getScheme())) {
            return new InSyslog(uri.getHost(), uri.getPort(), true);
        }
        throw new IllegalArgumentException(
                "must be file:PATH, syslog+udp://HOST:PORT or syslog+tcp://HOST:PORT, not " + text);
    }

    /** A file to which each anchor is appended as a line, and synced. */
    record InFile(Path path) implements AnchorPlace {

        @Override
        public void keep(Anchor anchor) throws IOException {
            try (var file = PrivateFiles.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
                var bytes = ByteBuffer.wrap((anchor.line() + "\n").getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    file.write(bytes);
                }
                file.force(true);
            }
        }

        @Override
        public String toString() {
            return "file:" + path;
        }
    }

    /**
     * A syslog server (RFC 5424), over UDP (RFC 5426) or TCP with octet counting (RFC 6587). Neither confirms that the
     * server has kept the line.
     */
    record InSyslog(String host, int port, boolean overTcp) implements AnchorPlace {

        /** Facility 10, security, and severity 5, notice. */
        private static final String PRIORITY = "<85>1 ";

        private static final int TIMEOUT_MILLIS = 5_000;

        @Override
        public void keep(Anchor anchor) throws IOException {
            var message = (PRIORITY + Instant.now().truncatedTo(ChronoUnit.MICROS) + " " + ownName()
                            + " pulseplane - audit-anchor - " + anchor.line())
                    .getBytes(StandardCharsets.UTF_8);
            if (overTcp) {
                sendOverTcp(message);
            } else {
                try (var socket = new DatagramSocket()) {
                    socket.send(new DatagramPacket(message, message.length, address()));
                }
            }
        }

        private void sendOverTcp(byte[] message) throws IOException {
            try (var socket = new Socket()) {
                socket.connect(address(), TIMEOUT_MILLIS);
                socket.setSoTimeout(TIMEOUT_MILLIS);
                var out = socket.getOutputStream();
                out.write((message.length + " ").getBytes(StandardCharsets.US_ASCII));
                out.write(message);
                out.flush();
            }
        }

        private InetSocketAddress address() throws UnknownHostException {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        }

        /** RFC 5424 has a hyphen for a name that is not known. */
        private static String ownName() {
            try {
                var name = InetAddress.getLocalHost().getHostName();
                return name.matches("[!-~]{1,255}") ? name : "-";
            } catch (UnknownHostException _) {
                return "-";
            }
        }

        @Override
        public String toString() {
            return (overTcp ? "syslog+tcp://" : "syslog+udp://") + host + ":" + port;
        }
    }
}
