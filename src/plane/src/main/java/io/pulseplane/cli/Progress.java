package io.pulseplane.cli;

import java.io.PrintWriter;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** One line on the terminal that is written anew every second; nothing where there is no terminal. */
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
            clock.scheduleAtFixedRate(this::show, 1, 1, TimeUnit.SECONDS);
        } else {
            clock = null;
        }
    }

    static boolean isTerminal() {
        return System.console() != null && System.console().isTerminal();
    }

    private synchronized void show() {
        if (!clock.isShutdown()) {
            var text = line.get();
            out.print("\r" + text + " ".repeat(Math.max(0, shownLength - text.length())));
            out.flush();
            shownLength = text.length();
        }
    }

    /** Clears the line; what is printed from now on stands by itself. */
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
