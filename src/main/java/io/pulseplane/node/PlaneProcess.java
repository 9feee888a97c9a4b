package io.pulseplane.node;

import io.pulseplane.vitals.Problem;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusBindException;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;

/** The plane as a process of its own. */
public final class PlaneProcess {

    private PlaneProcess() {}

    /**
     * Runs the plane until the process is told to stop; the answer is the status to exit with.
     *
     * <p>A JVM that ends on SIGTERM reports 143, however well it went; to an operator, 0 says that everything that was
     * taken is durable. So a hook waits for Quarkus and ends the process itself.
     */
    public static int run() {
        var status = new CompletableFuture<Integer>();
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("exit-status").unstarted(() -> {
                    int code = status.join();
                    System.out.flush();
                    System.err.flush();
                    Runtime.getRuntime().halt(code);
                }));
        Quarkus.run(null, (code, failure) -> {
            if (failure != null) {
                report(failure);
            }
            status.complete(code);
        });
        return status.join();
    }

    /** What a person can mend is said in one line; anything else is an error of the program and keeps its trace. */
    private static void report(Throwable failure) {
        var cause = failure;
        while (cause.getCause() != null && !(cause instanceof Problem) && !(cause instanceof QuarkusBindException)) {
            cause = cause.getCause();
        }
        if (cause instanceof QuarkusBindException taken) {
            System.err.println("pulseplane did not start: HTTP cannot listen on " + taken.getHost() + ":"
                    + taken.getPort() + "; is the port taken?");
        } else if (cause instanceof Problem || cause instanceof StartFailure) {
            System.err.println("pulseplane did not start: " + cause.getMessage());
        } else {
            Logger.getLogger(PlaneProcess.class).error("pulseplane did not start", failure);
        }
    }

    /** Why the plane cannot start, for the person who started it. */
    static final class StartFailure extends RuntimeException {

        private static final long serialVersionUID = 1L;

        StartFailure(String message) {
            super(message);
        }
    }
}
