package io.pulseplane.cli;

import java.io.PrintWriter;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Shows one line on the terminal and updates it every second. Shows nothing if there is no terminal. */
final class Progress implements AutoCloseable {

    private final PrintWriter out;
    private ScheduledExecutorService clock;
    private int shownLength;

    /** Shows nothing yet. */
    Progress(PrintWriter out) {
        this.out = out;
    }

    /** Shows the line every second from now on. */
    synchronized void show(Supplier<String> line) {
        if (isTerminal()) {
            clock = Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("progress").daemon().factory());
            // The task runs until the clock is shut down; nobody waits for it.
            var _ = clock.scheduleAtFixedRate(() -> update(line), 1, 1, TimeUnit.SECONDS);
        }
    }

    /** In JDK 25 and in native executables there is no console where standard input or output is no terminal. */
    @SuppressWarnings("SystemConsoleNull")
    static boolean isTerminal() {
        var console = System.console();
        return console != null && console.isTerminal();
    }

    private synchronized void update(Supplier<String> line) {
        if (!clock.isShutdown()) {
            var text = line.get();
            out.print("\r" + text + " ".repeat(Math.max(0, shownLength - text.length())));
            out.flush();
            shownLength = text.length();
        }
    }

    /** Prints a line that stays. */
    synchronized void note(String note) {
        clear();
        out.println("pulseplane: " + note);
        out.flush();
    }

    private void clear() {
        if (shownLength > 0) {
            out.print("\r" + " ".repeat(shownLength) + "\r");
            shownLength = 0;
        }
    }

    /** Removes the line, so that the command can print its result. */
    synchronized void end() {
        if (clock != null && !clock.isShutdown()) {
            clock.shutdown();
            clear();
            out.flush();
        }
    }

    @Override
    public void close() {
        end();
    }
}
