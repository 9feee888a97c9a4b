package io.pulseplane.cli;

import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.Charset;
import java.util.Optional;

/**
 * The standard output of a command. A write that fails throws {@link OutputClosedException}, so a command ends with the
 * first output that nobody reads, as in {@code pulseplane query range ... | head}.
 */
final class StandardOutput extends PrintWriter {

    /** A struct pollfd: int fd, short events, short revents. */
    private static final long POLLFD_BYTES = 8;

    private static final int STANDARD_OUTPUT = 1;
    private static final int FOR_EVER = -1;

    private StandardOutput(OutputStream out, Charset charset) {
        super(new BufferedWriter(new FailingWriter(new OutputStreamWriter(out, charset))));
    }

    static StandardOutput open() {
        return open(new FileOutputStream(FileDescriptor.out));
    }

    static StandardOutput open(OutputStream out) {
        return new StandardOutput(
                out,
                Charset.forName(System.getProperty(
                        "stdout.encoding", Charset.defaultCharset().name())));
    }

    /**
     * Runs the action when the reader of the output goes away while the command writes nothing. It works where the
     * system has {@code poll}; elsewhere the next write notices.
     */
    void whenReaderLeaves(Runnable action) {
        Thread.ofPlatform().name("reader-of-output").daemon().start(() -> {
            if (awaitEndOfReader()) {
                action.run();
            }
        });
    }

    /** The kernel reports without being asked that the other end of a pipe or socket is closed. */
    private static boolean awaitEndOfReader() {
        var poll = poll();
        if (poll.isEmpty()) {
            return false;
        }
        try (var arena = Arena.ofConfined()) {
            var descriptor = arena.allocate(POLLFD_BYTES, Integer.BYTES);
            descriptor.set(ValueLayout.JAVA_INT, 0, STANDARD_OUTPUT);
            return (int) poll.get().invokeExact(descriptor, 1L, FOR_EVER) > 0;
        } catch (Throwable _) {
            return false;
        }
    }

    @SuppressWarnings("restricted")
    private static Optional<MethodHandle> poll() {
        try {
            var linker = Linker.nativeLinker();
            return linker.defaultLookup()
                    .find("poll")
                    .map(address -> linker.downcallHandle(
                            address,
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.JAVA_INT)));
        } catch (RuntimeException | LinkageError _) {
            return Optional.empty();
        }
    }

    /** PrintWriter would keep an IOException to itself. */
    private static final class FailingWriter extends Writer {

        private final Writer out;

        FailingWriter(Writer out) {
            this.out = out;
        }

        @Override
        public void write(char[] characters, int offset, int length) {
            try {
                out.write(characters, offset, length);
            } catch (IOException e) {
                throw closed(e);
            }
        }

        @Override
        public void flush() {
            try {
                out.flush();
            } catch (IOException e) {
                throw closed(e);
            }
        }

        @Override
        public void close() {
            try {
                out.close();
            } catch (IOException e) {
                throw closed(e);
            }
        }

        private static OutputClosedException closed(IOException cause) {
            return new OutputClosedException("the output cannot be written: " + cause.getMessage(), cause);
        }
    }
}
