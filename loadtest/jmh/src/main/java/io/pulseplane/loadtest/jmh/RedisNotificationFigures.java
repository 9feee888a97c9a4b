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
 * How soon planes know of a reading that another plane put into Redis, and what it costs Redis: told by a message that has it, or
 * by client tracking, which says what to ask for. Every plane shows every patient. Arguments: planes that are told, readings a second, seconds.
 */
public final class RedisNotificationFigures implements AutoCloseable {

    private static final int PATIENTS = 1_000;

    /** A latest reading, sealed. */
    private static final int BYTES = 150;

    private static final String CHANNEL = "news";
    private static final String INVALIDATED = "__redis__:invalidate";
    private static final Pattern PROCESSOR = Pattern.compile("used_cpu_(?:user|sys):([0-9.]+)");
    private static final Pattern SENT = Pattern.compile("total_net_output_bytes:([0-9]+)");

    private final Vertx vertx = Vertx.vertx();
    private final List<Redis> clients = new ArrayList<>();
    private final int port = freePort();
    private final Process redis;
    private final long[] sentAt = new long[PATIENTS];
    private final Histogram micros = new Histogram(3);
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
        int perSecond = Integer.parseInt(arguments[1]);
        int seconds = Integer.parseInt(arguments[2]);
        System.out.printf("%d patients, %d planes told, %,d readings/s%n", PATIENTS, planes, perSecond);
        for (boolean isTracking : new boolean[] {false, true, false, true}) {
            try (var figures = new RedisNotificationFigures()) {
                figures.measure(isTracking, planes, perSecond, seconds);
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

    private void measure(boolean isTracking, int planes, int perSecond, int seconds) {
        var writer = connect();
        for (int i = 0; i < planes; i++) {
            if (isTracking) {
                track();
            } else {
                listen();
            }
        }
        IntConsumer put = isTracking
                ? patient ->
                        writer.send(Request.cmd(Command.SET).arg(key(patient)).arg(value(patient)))
                : patient ->
                        writer.send(Request.cmd(Command.PUBLISH).arg(CHANNEL).arg(value(patient)));
        load(put, perSecond, Math.max(1, seconds / 2));
        synchronized (micros) {
            micros.reset();
        }
        long before = notificationCount.get();
        long askedBefore = readCount.get();
        double processor = sum(writer, PROCESSOR);
        double bytes = sum(writer, SENT);
        load(put, perSecond, seconds);
        double readings = (double) perSecond * seconds;
        synchronized (micros) {
            System.out.printf(
                    Locale.ROOT,
                    "%-9s p50 %.2f ms, p99 %.2f ms; %.1f us of Redis' processor time, %.0f bytes sent,"
                            + " %.2f questions and %.2f answers or messages for each reading%n",
                    isTracking ? "tracking" : "pub/sub",
                    micros.getValueAtPercentile(50) / 1e3,
                    micros.getValueAtPercentile(99) / 1e3,
                    (sum(writer, PROCESSOR) - processor) * 1e6 / readings,
                    (sum(writer, SENT) - bytes) / readings,
                    (readCount.get() - askedBefore) / readings,
                    (notificationCount.get() - before) / readings);
        }
    }

    /** So many a second, a few each millisecond. */
    private void load(IntConsumer put, int perSecond, int seconds) {
        long begin = System.nanoTime();
        long count = (long) perSecond * seconds;
        for (long i = 0; i < count; i++) {
            long due = begin + i * TimeUnit.SECONDS.toNanos(1) / perSecond;
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(200_000);
            }
            int patient = (int) (i % PATIENTS);
            sentAt[patient] = System.nanoTime();
            put.accept(patient);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
    }

    private static String key(int patient) {
        return "latest:" + patient;
    }

    private static Buffer value(int patient) {
        return Buffer.buffer().appendInt(patient).appendBytes(new byte[BYTES - Integer.BYTES]);
    }

    private void recordLatency(byte[] value) {
        long now = System.nanoTime();
        notificationCount.incrementAndGet();
        int patient = Buffer.buffer(value).getInt(0);
        synchronized (micros) {
            micros.recordValue(Math.max(1, (now - sentAt[patient]) / 1_000));
        }
    }

    private void listen() {
        var connection = connect();
        connection.handler(message -> {
            if (isMessage(message)) {
                recordLatency(message.get(2).toBytes());
            }
        });
        ask(connection, Request.cmd(Command.SUBSCRIBE).arg(CHANNEL));
    }

    private void track() {
        var told = connect();
        var asking = connect();
        var id = ask(told, Request.cmd(Command.CLIENT).arg("ID")).toString();
        told.handler(message -> {
            if (isMessage(message) && message.get(2) != null) {
                message.get(2).forEach(key -> ask(asking, key.toString()));
            }
        });
        ask(told, Request.cmd(Command.SUBSCRIBE).arg(INVALIDATED));
        ask(
                asking,
                Request.cmd(Command.CLIENT)
                        .arg("TRACKING")
                        .arg("ON")
                        .arg("REDIRECT")
                        .arg(id));
        for (int patient = 0; patient < PATIENTS; patient++) {
            ask(asking, Request.cmd(Command.GET).arg(key(patient)));
        }
    }

    private void ask(RedisConnection asking, String key) {
        readCount.incrementAndGet();
        asking.send(Request.cmd(Command.GET).arg(key)).onSuccess(value -> recordLatency(value.toBytes()));
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
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10); ; ) {
            var client = Redis.createClient(vertx, options);
            clients.add(client);
            try {
                return client.connect()
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join();
            } catch (RuntimeException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        }
    }

    private static Response ask(RedisConnection connection, Request request) {
        // A subscription is confirmed as a message is told, and answers nobody.
        var answer = connection.send(request);
        return request.command() == Command.SUBSCRIBE
                ? null
                : answer.toCompletionStage().toCompletableFuture().join();
    }

    private static double sum(RedisConnection connection, Pattern what) {
        var info = ask(connection, Request.cmd(Command.INFO)).toString();
        return what.matcher(info)
                .results()
                .mapToDouble(found -> Double.parseDouble(found.group(1)))
                .sum();
    }

    @Override
    public void close() {
        clients.forEach(Redis::close);
        vertx.close().toCompletionStage().toCompletableFuture().join();
        redis.destroyForcibly();
    }
}
