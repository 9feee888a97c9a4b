package io.pulseplane.cli;

import java.io.PrintWriter;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Shows one line on the terminal and updates it every second. Shows nothing if there is no terminal. */
final class Progress implements AutoCloseable {

    private final PrintWriter out;
    private final Supplier<String> line;
    private final ScheduledExecutorService clock;
    private int shownLength;

    Progress(PrintWriter out, Supplier<String> line) {
        this.out = out;
        this.line = line;
        if (isTerminal()) {
            clock = Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("progress").daemon().factory());
            // The task runs until the clock is shut down; nobody waits for it.
            var _ = clock.scheduleAtFixedRate(this::show, 1, 1, TimeUnit.SECONDS);
        } else {
            clock = null;
        }
    }

    /** In JDK 25 and in native executables there is no console where standard input or output is no terminal. */
    @SuppressWarnings("SystemConsoleNull")
    static boolean isTerminal() {
        var console = System.console();
        return console != null && console.isTerminal();
    }

    private synchronized void show() {
        if (!clock.isShutdown()) {
            var text = line.get();
            out.print("\r" + text + " ".repeat(Math.max(0, shownLength - text.length())));
            out.flush();
            shownLength = text.length();
        }
    }

    /** Removes the line, so that the command can print its result. */
    synchronized void end() {
        if (clock != null && !clock.isShutdown()) {
            clock.shutdown();
            out.print("\r" + " ".repeat(shownLength) + "\r");
            out.flush();
        }
    }

    @Override
    public void close() {
        end();
    }
}
