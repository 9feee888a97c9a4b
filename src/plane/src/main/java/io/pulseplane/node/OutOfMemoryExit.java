package io.pulseplane.node;

import io.pulseplane.vitals.OutOfMemory;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Ends the process when memory is gone, wherever that is noticed: in a thread that ends by it, or in a library that
 * catches every error and logs it, such as those for the network and for reactive streams.
 *
 * <p>Java does the same for itself if it was started with {@code -XX:+ExitOnOutOfMemoryError}, which the executable
 * always is. An archive cannot carry that option.
 */
@Singleton
final class OutOfMemoryExit {

    void onStart(@Observes @Priority(1) StartupEvent event) {
        // Loads the class while there is memory.
        OutOfMemory.exitIfCauseOf(null);
        var previous = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            OutOfMemory.exitIfCauseOf(failure);
            if (previous != null) {
                previous.uncaughtException(thread, failure);
            } else {
                Logger.getLogger(OutOfMemoryExit.class.getName())
                        .log(java.util.logging.Level.SEVERE, "A thread ended: " + thread.getName(), failure);
            }
        });
        Logger.getLogger("").addHandler(new LoggedErrors());
    }

    private static final class LoggedErrors extends Handler {

        @Override
        public void publish(LogRecord entry) {
            OutOfMemory.exitIfCauseOf(entry.getThrown());
        }

        @Override
        public void flush() {
            // Keeps nothing.
        }

        @Override
        public void close() {
            // Has nothing open.
        }
    }
}
