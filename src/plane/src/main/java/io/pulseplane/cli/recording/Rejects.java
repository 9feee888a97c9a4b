package io.pulseplane.cli.recording;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Writes the lines that were left out into a CSV file with the columns line, column, reason and text. Only its owner
 * may read a new file, because it has readings of patients. Thread-safe.
 */
public final class Rejects implements Closeable {

    private static final String HEADER = "line,column,reason,text\n";

    private final Path file;
    private final Writer writer;

    private Rejects(Path file, Writer writer) {
        this.file = file;
        this.writer = writer;
    }

    /** Creates the file, or empties it. */
    public static Rejects create(Path file) throws IOException {
        var options = Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        var isPosix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] attributes = isPosix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
        var writer = new BufferedWriter(
                Channels.newWriter(Files.newByteChannel(file, options, attributes), StandardCharsets.UTF_8));
        var rejects = new Rejects(file, writer);
        rejects.write(HEADER);
        return rejects;
    }

    /** @throws UncheckedIOException if the file cannot be written */
    public void add(Fault fault) {
        add(fault.line(), fault.column(), fault.reason().label(), fault.text());
    }

    /** @param column the character of the line, from 1 */
    public synchronized void add(long line, int column, String reason, String text) {
        write(line + "," + column + "," + quoted(reason) + "," + quoted(text) + "\n");
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\"", "\"\"") + "\"";
    }

    private void write(String line) {
        try {
            writer.write(line);
        } catch (IOException e) {
            throw new UncheckedIOException(failure(e), e);
        }
    }

    private String failure(IOException e) {
        return "the rejects cannot be written to " + file + ": " + e.getMessage();
    }

    @Override
    public synchronized void close() throws IOException {
        try {
            writer.close();
        } catch (IOException e) {
            throw new IOException(failure(e), e);
        }
    }
}
