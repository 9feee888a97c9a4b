package io.pulseplane.loadtest.jmh;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.regex.Pattern;
import org.HdrHistogram.Histogram;
import redis.embedded.core.ExecutableProvider;

/**
 * Prints how soon planes get a reading that another plane wrote to Redis, and what it costs Redis. It compares two
 * ways: a message with the reading on a channel, and client tracking, which names the key so that a plane reads it.
 * Every plane needs the readings of every patient.
 *
 * <p>Arguments: planes that are notified; readings per second; seconds.
 */
public final class RedisNotificationFigures implements AutoCloseable {

    private static final int PATIENTS = 1_000;

    /** The length of an encrypted latest reading. */
    private static final int VALUE_BYTES = 150;

    private static final String CHANNEL = "news";
    private static final String INVALIDATION_CHANNEL = "__redis__:invalidate";
    private static final Pattern CPU_SECONDS = Pattern.compile("used_cpu_(?:user|sys):([0-9.]+)");
    private static final Pattern SENT_BYTES = Pattern.compile("total_net_output_bytes:([0-9]+)");

    private final Vertx vertx = Vertx.vertx();
    private final List<Redis> clients = new ArrayList<>();
    private final int port = freePort();
    private final Process redis;
    private final long[] sentNanos = new long[PATIENTS];
    private final Histogram latencyMicros = new Histogram(3);
    private final AtomicLong notificationCount = new AtomicLong();
    private final AtomicLong readCount = new AtomicLong();

    private RedisNotificationFigures() throws IOException {
        var program = ExecutableProvider.newJarResourceProvider().get().getPath();
        redis = new ProcessBuilder(program, "--port", Integer.toString(port), "--save", "", "--bind", "127.0.0.1")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    public static void main(String[] arguments) throws IOException {
        int planes = Integer.parseInt(arguments[0]);
        int readingsPerSecond = Integer.parseInt(arguments[1]);
        int seconds = Integer.parseInt(arguments[2]);
        System.out.printf("%d patients, %d planes notified, %,d readings/s%n", PATIENTS, planes, readingsPerSecond);
        for (boolean isTracking : new boolean[] {false, true, false, true}) {
            try (var figures = new RedisNotificationFigures()) {
                figures.measure(isTracking, planes, readingsPerSecond, seconds);
            }
        }
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void measure(boolean isTracking, int planes, int readingsPerSecond, int seconds) {
        var writer = connect();
        for (int i = 0; i < planes; i++) {
            if (isTracking) {
                track();
            } else {
                subscribe();
            }
        }
        IntConsumer put = isTracking
                ? patient ->
                        writer.send(Request.cmd(Command.SET).arg(key(patient)).arg(value(patient)))
                : patient ->
                        writer.send(Request.cmd(Command.PUBLISH).arg(CHANNEL).arg(value(patient)));
        load(put, readingsPerSecond, Math.max(1, seconds / 2));
        synchronized (latencyMicros) {
            latencyMicros.reset();
        }
        long notificationsBefore = notificationCount.get();
        long readsBefore = readCount.get();
        double cpuSeconds = sum(writer, CPU_SECONDS);
        double sentBytes = sum(writer, SENT_BYTES);
        load(put, readingsPerSecond, seconds);
        double readings = (double) readingsPerSecond * seconds;
        synchronized (latencyMicros) {
            System.out.printf(
                    Locale.ROOT,
                    "%-9s p50 %.2f ms, p99 %.2f ms; %.1f us of Redis' processor time, %.0f bytes sent,"
                            + " %.2f reads and %.2f responses or messages for each reading%n",
                    isTracking ? "tracking" : "pub/sub",
                    latencyMicros.getValueAtPercentile(50) / 1e3,
                    latencyMicros.getValueAtPercentile(99) / 1e3,
                    (sum(writer, CPU_SECONDS) - cpuSeconds) * 1e6 / readings,
                    (sum(writer, SENT_BYTES) - sentBytes) / readings,
                    (readCount.get() - readsBefore) / readings,
                    (notificationCount.get() - notificationsBefore) / readings);
        }
    }

    /** Writes readings at a fixed rate, then waits for the last notifications. */
    private void load(IntConsumer put, int readingsPerSecond, int seconds) {
        long startNanos = System.nanoTime();
        long count = (long) readingsPerSecond * seconds;
        for (long i = 0; i < count; i++) {
            long dueNanos = startNanos + i * TimeUnit.SECONDS.toNanos(1) / readingsPerSecond;
            while (System.nanoTime() < dueNanos) {
                LockSupport.parkNanos(200_000);
            }
            int patient = (int) (i % PATIENTS);
            sentNanos[patient] = System.nanoTime();
            put.accept(patient);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
    }

    private static String key(int patient) {
        return "latest:" + patient;
    }

    private static Buffer value(int patient) {
        return Buffer.buffer().appendInt(patient).appendBytes(new byte[VALUE_BYTES - Integer.BYTES]);
    }

    private void recordLatency(byte[] value) {
        long now = System.nanoTime();
        notificationCount.incrementAndGet();
        int patient = Buffer.buffer(value).getInt(0);
        synchronized (latencyMicros) {
            latencyMicros.recordValue(Math.max(1, (now - sentNanos[patient]) / 1_000));
        }
    }

    private void subscribe() {
        var connection = connect();
        connection.handler(message -> {
            if (isMessage(message)) {
                recordLatency(message.get(2).toBytes());
            }
        });
        send(connection, Request.cmd(Command.SUBSCRIBE).arg(CHANNEL));
    }

    private void track() {
        var subscriber = connect();
        var reader = connect();
        var id = send(subscriber, Request.cmd(Command.CLIENT).arg("ID")).toString();
        subscriber.handler(message -> {
            if (isMessage(message) && message.get(2) != null) {
                message.get(2).forEach(key -> read(reader, key.toString()));
            }
        });
        send(subscriber, Request.cmd(Command.SUBSCRIBE).arg(INVALIDATION_CHANNEL));
        send(
                reader,
                Request.cmd(Command.CLIENT)
                        .arg("TRACKING")
                        .arg("ON")
                        .arg("REDIRECT")
                        .arg(id));
        for (int patient = 0; patient < PATIENTS; patient++) {
            send(reader, Request.cmd(Command.GET).arg(key(patient)));
        }
    }

    private void read(RedisConnection connection, String key) {
        readCount.incrementAndGet();
        connection.send(Request.cmd(Command.GET).arg(key)).onSuccess(value -> recordLatency(value.toBytes()));
    }

    private static boolean isMessage(Response message) {
        return message != null
                && message.size() == 3
                && "message".equals(message.get(0).toString());
    }

    private RedisConnection connect() {
        var options = new RedisOptions()
                .setConnectionString("redis://127.0.0.1:" + port)
                .setProtocolNegotiation(false)
                .setMaxWaitingHandlers(1 << 20);
        for (long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10); ; ) {
            var client = Redis.createClient(vertx, options);
            clients.add(client);
            try {
                return client.connect()
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join();
            } catch (RuntimeException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        }
    }

    private static Response send(RedisConnection connection, Request request) {
        // Redis confirms a subscription with a message; there is no response to wait for.
        var response = connection.send(request);
        return request.command() == Command.SUBSCRIBE
                ? null
                : response.toCompletionStage().toCompletableFuture().join();
    }

    private static double sum(RedisConnection connection, Pattern field) {
        var info = send(connection, Request.cmd(Command.INFO)).toString();
        return field.matcher(info)
                .results()
                .mapToDouble(match -> Double.parseDouble(match.group(1)))
                .sum();
    }

    @Override
    public void close() {
        clients.forEach(Redis::close);
        vertx.close().toCompletionStage().toCompletableFuture().join();
        redis.destroyForcibly();
    }
}
