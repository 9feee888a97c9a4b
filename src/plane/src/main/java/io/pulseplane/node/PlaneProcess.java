package io.pulseplane.node;

import io.quarkus.arc.Arc;
import io.quarkus.grpc.runtime.GrpcServer;
import io.quarkus.runtime.Application;
import io.quarkus.runtime.Quarkus;
import io.quarkus.value.registry.ValueRegistry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.jboss.logging.Logger;

/**
 * The plane as a process of its own.
 *
 * <p>A JVM that ends on SIGTERM reports 143, however well it went; to an operator, 0 says that everything that was taken
 * is durable. So a hook waits for Quarkus and ends the process itself.
 */
public final class PlaneProcess {

    private static final long START_POLL_MILLIS = 5;

    private final Runnable cleanup;
    private final CompletableFuture<Integer> status = new CompletableFuture<>();

    /** @param afterwards what is to be done when the plane has stopped, before the process ends */
    public PlaneProcess(Runnable afterwards) {
        this.cleanup = afterwards;
    }

    /** Runs the plane until the process is told to stop; the answer is the status to exit with. */
    public int run() {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("exit-status").unstarted(this::exit));
        Quarkus.run(null, this::onExit);
        return status.join();
    }

    /** Runs the plane beside other work, which is given the gRPC port, and stops it when that is done. */
    public int runAlongside(IntConsumer work) {
        var beside = Thread.ofPlatform().name("beside-the-plane").daemon().unstarted(() -> {
            if (awaitStart()) {
                work.accept(Arc.container().instance(ValueRegistry.class).get().get(GrpcServer.GRPC_PORT));
                Quarkus.asyncExit(0);
            }
        });
        beside.start();
        try {
            return run();
        } finally {
            beside.interrupt();
        }
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
            // It did not start.
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

    /** What a person can mend is said in one line; anything else is an error of the program and keeps its trace. */
    private static void report(Throwable failure) {
        StartupFailureReport.describe(failure)
                .ifPresentOrElse(
                        line -> System.err.println("pulseplane did not start: " + line),
                        () -> Logger.getLogger(PlaneProcess.class).error("pulseplane did not start", failure));
    }
}
