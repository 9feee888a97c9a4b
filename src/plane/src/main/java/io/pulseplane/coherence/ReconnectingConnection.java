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
import java.util.concurrent.TimeoutException;

/**
 * One connection to Redis that is made again whenever it is lost, sooner at first and by chance, so that planes do not all
 * come at once. Commands go out at once, one behind the other, or fail at once: nothing waits here for better times.
 */
final class ReconnectingConnection implements AutoCloseable {

    /** What this connection is for. */
    enum Role {
        COMMANDS,
        PUBLISHER,
        SUBSCRIBER
    }

    /** What its owner does about it. */
    interface Listener {

        /** The connection is there. @param again whether there was one before */
        void connected(boolean again);

        void disconnected();

        /** A message came in on the channel. */
        void messageReceived(byte[] message);
    }

    private static final System.Logger LOG = System.getLogger(ReconnectingConnection.class.getName());

    private static final long FIRST_BACKOFF_MILLIS = 20;

    /** Commands that wait for their answer; those that were given up do so until Redis answers, or is given up too. */
    private static final int PENDING_REPLIES_PER_CONCURRENT = 4;

    private final Vertx vertx;
    private final RedisSettings settings;
    private final Role role;
    private final String channel;
    private final Listener listener;
    private int attempts;
    private boolean wasConnected;
    private boolean closed;
    private Redis client;

    /** Null while there is none. */
    private volatile RedisConnection connection;

    ReconnectingConnection(Vertx vertx, RedisSettings settings, Role use, String channel, Listener owner) {
        this.vertx = vertx;
        this.settings = settings;
        this.role = use;
        this.channel = channel;
        this.listener = owner;
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

    /** Messages between planes stay in order where they go through one node; a cluster hands them to all its others. */
    private RedisOptions options() {
        var options = settings.server().options();
        var faults = settings.faults();
        options.getNetClientOptions()
                .setConnectTimeout((int) faults.connectTimeout().toMillis())
                .setReadIdleTimeout((int) Math.max(1, faults.idleTimeout().toSeconds()))
                .setTcpKeepAlive(true)
                .setTcpNoDelay(true);
        if (options.getType() == RedisClientType.CLUSTER && role != Role.COMMANDS) {
            options.setType(RedisClientType.STANDALONE);
        }
        if (options.getType() == RedisClientType.STANDALONE) {
            var hosts = options.getEndpoints();
            options.setEndpoints(List.of(hosts.get((attempts - 1) % hosts.size())));
        }
        return options.setMaxPoolSize(64)
                .setMaxPoolWaiting(256)
                .setPoolCleanerInterval(-1)
                .setPoolRecycleTimeout(-1)
                .setMaxWaitingHandlers(PENDING_REPLIES_PER_CONCURRENT * faults.maxConcurrent());
    }

    private void connected(Redis attempt, RedisConnection made) {
        made.endHandler(_ -> lost(attempt));
        made.exceptionHandler(_ -> lost(attempt));
        if (role == Role.SUBSCRIBER) {
            made.handler(response -> received(attempt, made, response));
            made.send(Request.cmd(Command.SUBSCRIBE).arg(channel)).onFailure(failure -> failed(attempt, failure));
        } else {
            ready(attempt, made);
        }
    }

    private void ready(Redis attempt, RedisConnection made) {
        boolean again;
        synchronized (this) {
            if (closed || client != attempt) {
                return;
            }
            again = wasConnected;
            wasConnected = true;
            attempts = 0;
            connection = made;
        }
        listener.connected(again);
    }

    /** Either that we are subscribed, which is when we begin to hear, or a message. */
    private void received(Redis attempt, RedisConnection made, Response response) {
        if (response == null || response.size() != 3) {
            return;
        }
        switch (response.get(0).toString()) {
            case "subscribe" -> ready(attempt, made);
            case "message" -> {
                if (connection == made) {
                    listener.messageReceived(response.get(2).toBytes());
                }
            }
            default -> LOG.log(System.Logger.Level.DEBUG, "Redis said something that is no message");
        }
    }

    private void failed(Redis attempt, Throwable cause) {
        if (attempts == 1) {
            LOG.log(System.Logger.Level.WARNING, "Cannot connect to Redis: {0}", cause.toString());
        }
        lost(attempt);
    }

    private void lost(Redis attempt) {
        boolean wasThere;
        synchronized (this) {
            if (closed || client != attempt) {
                return;
            }
            wasThere = connection != null;
            connection = null;
            client = null;
            vertx.setTimer(backoff(), _ -> open());
        }
        attempt.close();
        if (wasThere) {
            listener.disconnected();
        }
    }

    private long backoff() {
        long longest = settings.faults().maxBackoff().toMillis();
        long now = Math.clamp(FIRST_BACKOFF_MILLIS << Math.min(attempts, 16), FIRST_BACKOFF_MILLIS, longest);
        return ThreadLocalRandom.current().nextLong(now / 2, now + 1);
    }

    boolean isConnected() {
        return connection != null;
    }

    /** Fails at once where there is no connection. */
    Future<Response> send(Request request) {
        var here = connection;
        return here == null ? Future.failedFuture(new NotConnectedException()) : here.send(request);
    }

    /** Without a stack trace: it is no surprise, and comes often. */
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
        }
        if (open != null) {
            open.close();
        }
    }
}
