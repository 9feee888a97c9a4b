package io.pulseplane.coherence;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One connection to Redis that reconnects whenever it is lost. The time between attempts grows, and a random share
 * keeps planes from reconnecting all at once. Commands are sent at once or fail at once; none waits for a connection.
 *
 * <p>A connection without work stays: the plane pings Redis on it, and gives it up when Redis does not answer within
 * the idle timeout. A subscriber needs no ping, because the plane's own heartbeats come back to it; it is given up when
 * nothing comes for that long.
 */
final class ReconnectingConnection implements AutoCloseable {

    /** What this connection is for. */
    enum Role {
        COMMANDS,
        PUBLISHER,
        SUBSCRIBER
    }

    /** Receives the events of a connection. */
    interface Listener {

        /**
         * The connection was made.
         *
         * @param again whether there was one before
         */
        void connected(boolean again);

        void disconnected();

        /** A message arrived on the channel. */
        void messageReceived(byte[] message);
    }

    private static final System.Logger LOG = System.getLogger(ReconnectingConnection.class.getName());

    private static final long FIRST_BACKOFF_MILLIS = 20;

    /**
     * Bound on the commands that await their reply, as a multiple of the commands under way. Commands that timed out
     * still count until Redis replies or the connection is given up.
     */
    private static final int PENDING_REPLIES_PER_CONCURRENT = 4;

    /** Pings within the idle timeout. */
    private static final int PINGS_PER_IDLE_TIMEOUT = 3;

    private final Vertx vertx;
    private final RedisSettings settings;
    private final Role role;
    private final String channel;
    private final Listener listener;
    private int attempts;
    private boolean wasConnected;
    private boolean closed;
    private Redis client;
    private long pingTimer = -1;

    /** Null while there is no connection. */
    private volatile RedisConnection connection;

    ReconnectingConnection(Vertx vertx, RedisSettings settings, Role role, String channel, Listener listener) {
        this.vertx = vertx;
        this.settings = settings;
        this.role = role;
        this.channel = channel;
        this.listener = listener;
    }

    synchronized void open() {
        if (closed) {
            return;
        }
        attempts++;
        var attempt = Redis.createClient(vertx, options());
        client = attempt;
        var connecting = attempt.connect();
        long timer = vertx.setTimer(
                settings.faults().connectTimeout().toMillis(),
                _ -> failed(attempt, new TimeoutException("no answer while connecting")));
        connecting.onComplete(done -> {
            vertx.cancelTimer(timer);
            if (done.succeeded()) {
                connected(attempt, done.result());
            } else {
                failed(attempt, done.cause());
            }
        });
    }

    /**
     * Messages between planes stay in order if they go through one node, so publisher and subscriber connect to one
     * node even in a cluster. The cluster forwards messages to all its nodes.
     */
    private RedisOptions options() {
        var options = settings.server().options();
        var faults = settings.faults();
        options.getNetClientOptions()
                .setConnectTimeout((int) faults.connectTimeout().toMillis())
                .setTcpKeepAlive(true)
                .setTcpNoDelay(true);
        if (role == Role.SUBSCRIBER) {
            options.getNetClientOptions()
                    .setReadIdleTimeout(Math.clamp(faults.idleTimeout().toSeconds(), 1, Integer.MAX_VALUE));
        }
        if (options.getType() == RedisClientType.CLUSTER && role != Role.COMMANDS) {
            options.setType(RedisClientType.STANDALONE);
        }
        if (options.getType() == RedisClientType.STANDALONE) {
            var endpoints = options.getEndpoints();
            options.setEndpoints(List.of(endpoints.get((attempts - 1) % endpoints.size())));
        }
        return options.setMaxPoolSize(64)
                .setMaxPoolWaiting(256)
                .setPoolCleanerInterval(-1)
                .setPoolRecycleTimeout(-1)
                .setMaxWaitingHandlers(PENDING_REPLIES_PER_CONCURRENT * faults.maxConcurrent());
    }

    private void connected(Redis attempt, RedisConnection newConnection) {
        newConnection.endHandler(_ -> lost(attempt));
        newConnection.exceptionHandler(_ -> lost(attempt));
        if (role == Role.SUBSCRIBER) {
            newConnection.handler(response -> received(attempt, newConnection, response));
            newConnection
                    .send(Request.cmd(Command.SUBSCRIBE).arg(channel))
                    .onFailure(failure -> failed(attempt, failure));
        } else {
            ready(attempt, newConnection);
        }
    }

    private void ready(Redis attempt, RedisConnection newConnection) {
        boolean again;
        synchronized (this) {
            if (closed || client != attempt) {
                return;
            }
            again = wasConnected;
            wasConnected = true;
            attempts = 0;
            connection = newConnection;
            if (role != Role.SUBSCRIBER) {
                long idleMillis = settings.faults().idleTimeout().toMillis();
                pingTimer = vertx.setPeriodic(
                        Math.max(1, idleMillis / PINGS_PER_IDLE_TIMEOUT),
                        _ -> ping(attempt, newConnection, idleMillis));
            }
        }
        listener.connected(again);
    }

    /** Any reply shows that the connection works, also one that reports an error. */
    private void ping(Redis attempt, RedisConnection pinged, long idleMillis) {
        pinged.send(Request.cmd(Command.PING))
                .timeout(idleMillis, TimeUnit.MILLISECONDS)
                .onFailure(failure -> {
                    if (failure instanceof TimeoutException) {
                        lost(attempt);
                    }
                });
    }

    /** Handles the confirmation of the subscription, or a message. */
    private void received(Redis attempt, RedisConnection newConnection, Response response) {
        if (response == null || response.size() != 3) {
            return;
        }
        switch (response.get(0).toString()) {
            case "subscribe" -> ready(attempt, newConnection);
            case "message" -> {
                if (connection == newConnection) {
                    listener.messageReceived(response.get(2).toBytes());
                }
            }
            default -> LOG.log(System.Logger.Level.DEBUG, "Redis sent something that is not a message");
        }
    }

    private void failed(Redis attempt, Throwable cause) {
        if (attempts == 1) {
            LOG.log(System.Logger.Level.WARNING, "Cannot connect to Redis: {0}", cause.toString());
        }
        lost(attempt);
    }

    private void lost(Redis attempt) {
        boolean hadConnection;
        synchronized (this) {
            if (closed || client != attempt) {
                return;
            }
            hadConnection = connection != null;
            connection = null;
            client = null;
            vertx.cancelTimer(pingTimer);
            vertx.setTimer(backoff(), _ -> open());
        }
        attempt.close();
        if (hadConnection) {
            listener.disconnected();
        }
    }

    private long backoff() {
        long maxMillis = settings.faults().maxBackoff().toMillis();
        long backoffMillis =
                Math.clamp(FIRST_BACKOFF_MILLIS << Math.min(attempts, 16), FIRST_BACKOFF_MILLIS, maxMillis);
        return ThreadLocalRandom.current().nextLong(backoffMillis / 2, backoffMillis + 1);
    }

    boolean isConnected() {
        return connection != null;
    }

    /** Fails at once if there is no connection. */
    Future<Response> send(Request request) {
        var current = connection;
        return current == null ? Future.failedFuture(new NotConnectedException()) : current.send(request);
    }

    /** Has no stack trace, because it is expected and frequent. */
    static final class NotConnectedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotConnectedException() {
            super("not connected to Redis", null, false, false);
        }
    }

    @Override
    public void close() {
        Redis open;
        synchronized (this) {
            closed = true;
            open = client;
            client = null;
            connection = null;
            vertx.cancelTimer(pingTimer);
        }
        if (open != null) {
            open.close();
        }
    }
}
