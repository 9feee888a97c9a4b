package io.pulseplane.node;

import io.quarkus.arc.Arc;
import io.quarkus.grpc.runtime.GrpcServer;
import io.quarkus.runtime.Application;
import io.quarkus.runtime.Quarkus;
import io.quarkus.value.registry.ValueRegistry;
import io.quarkus.vertx.http.HttpServer;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Runs the plane as a process of its own.
 *
 * <p>A JVM that ends on SIGTERM exits with status 143, even if it stopped cleanly. An operator needs status 0 when
 * everything that the plane received is durable. So a shutdown hook waits for Quarkus and halts the process itself.
 */
public final class PlaneProcess {

    private static final long START_POLL_MILLIS = 5;

    private final Runnable cleanup;
    private final CompletableFuture<Integer> status = new CompletableFuture<>();

    /**
     * The ports that the plane listens on, also where the configuration let it choose.
     *
     * @param http empty if the plane serves no HTTP without TLS
     */
    public record Ports(int grpc, OptionalInt http) {}

    /** @param cleanup runs when the plane has stopped, before the process ends */
    public PlaneProcess(Runnable cleanup) {
        this.cleanup = cleanup;
    }

    /** Runs the plane until the process is asked to stop; returns the status to exit with. */
    public int run() {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("exit-status").unstarted(this::exit));
        Quarkus.run(null, this::onExit);
        return status.join();
    }

    /** Runs the plane beside other work, and stops it when the work is done. */
    public int runAlongside(Consumer<Ports> work) {
        var worker = Thread.ofPlatform().name("beside-the-plane").daemon().unstarted(() -> {
            if (awaitStart()) {
                work.accept(ports());
                Quarkus.asyncExit(0);
            }
        });
        worker.start();
        try {
            return run();
        } finally {
            worker.interrupt();
        }
    }

    private static Ports ports() {
        var values = Arc.container().instance(ValueRegistry.class).get();
        return new Ports(
                values.get(GrpcServer.GRPC_PORT),
                values.containsKey(HttpServer.HTTP_PORT)
                        ? OptionalInt.of(values.get(HttpServer.HTTP_PORT))
                        : OptionalInt.empty());
    }

    private boolean awaitStart() {
        try {
            while (!status.isDone()) {
                var application = Application.currentApplication();
                if (application != null && application.isStarted()) {
                    return true;
                }
                TimeUnit.MILLISECONDS.sleep(START_POLL_MILLIS);
            }
        } catch (InterruptedException _) {
            // The plane did not start.
        }
        return false;
    }

    private void onExit(int code, Throwable failure) {
        if (failure != null) {
            report(failure);
        }
        try {
            cleanup.run();
        } finally {
            status.complete(code);
        }
    }

    private void exit() {
        int code = status.join();
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(code);
    }

    /**
     * Reports what the operator can mend in one line. Anything else is an error of the program and keeps its stack
     * trace.
     */
    private static void report(Throwable failure) {
        StartupFailureReport.describe(failure)
                .ifPresentOrElse(
                        line -> System.err.println("pulseplane did not start: " + line),
                        () -> Logger.getLogger(PlaneProcess.class).error("pulseplane did not start", failure));
    }
}
