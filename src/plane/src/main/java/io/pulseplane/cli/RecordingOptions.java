package io.pulseplane.cli;

import io.pulseplane.cli.recording.Fault;
import io.pulseplane.cli.recording.Recording;
import io.pulseplane.cli.recording.Recording.Format;
import io.pulseplane.cli.recording.Rejects;
import io.pulseplane.cli.recording.TimeParser;
import io.pulseplane.cli.recording.TimeParser.EpochUnit;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Which recording a command reads, how, and where the lines go that were left out. */
final class RecordingOptions {

    private static final Path STANDARD_INPUT = Path.of("-");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Parameters(
            paramLabel = "FILE.csv",
            description = "The recording; - for standard input. It may be compressed with gzip or Zstandard.")
    private Path file;

    @Option(
            names = "--charset",
            paramLabel = "NAME",
            converter = CharsetConverter.class,
            description = "The charset of the recording, such as windows-1252. Default: UTF-8, or UTF-16 with its byte "
                    + "order mark")
    private Charset charset;

    @Option(
            names = "--zone",
            paramLabel = "ZONE",
            converter = ZoneConverter.class,
            description = "The time zone of times without an offset, such as Europe/Berlin. Default: refuse such times")
    private ZoneId zone;

    @Option(
            names = "--time-unit",
            paramLabel = "UNIT",
            description = "What times count that are numbers: ${COMPLETION-CANDIDATES} since 1970. Default: refuse "
                    + "such times")
    private EpochUnit timeUnit;

    @Option(
            names = "--rejects",
            paramLabel = "FILE",
            description =
                    "Write the lines that cannot be read, and the readings that the plane rejects, into this file: "
                            + "CSV with line, column, reason and text.")
    private Path rejects;

    static final class CharsetConverter implements ITypeConverter<Charset> {
        @Override
        public Charset convert(String name) {
            try {
                return Charset.forName(name);
            } catch (IllegalCharsetNameException | UnsupportedCharsetException _) {
                throw new TypeConversionException("'" + name + "' is not a charset such as windows-1252");
            }
        }
    }

    static final class ZoneConverter implements ITypeConverter<ZoneId> {
        @Override
        public ZoneId convert(String name) {
            try {
                return ZoneId.of(name);
            } catch (DateTimeException _) {
                throw new TypeConversionException("'" + name + "' is not a time zone such as Europe/Berlin or +01:00");
            }
        }
    }

    /** Refuses wrong usage before anything is opened. */
    void check(ConnectionOptions plane) throws IOException {
        if (file.equals(STANDARD_INPUT)) {
            require(!plane.readsTokenFromStandardInput(), "standard input cannot be the recording and the token");
            return;
        }
        require(!Files.isDirectory(file), file + " is a directory");
        require(Files.isReadable(file), "there is no readable file at " + file);
        require(
                rejects == null || !Files.exists(rejects) || !Files.isSameFile(file, rejects),
                "--rejects would overwrite the recording");
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(command.commandLine(), message);
        }
    }

    /** @param faults gets the lines that cannot be read */
    Recording open(Consumer<Fault> faults) throws IOException {
        var format = new Format(
                Optional.ofNullable(charset), new TimeParser(Optional.ofNullable(zone), Optional.ofNullable(timeUnit)));
        try {
            return file.equals(STANDARD_INPUT)
                    ? Recording.read(System.in, format, faults)
                    : Recording.open(file, format, faults);
        } catch (Recording.InvalidRecordingException e) {
            throw new ParameterException(command.commandLine(), e.getMessage());
        }
    }

    /** Null if rejects are not wanted. */
    Rejects openRejects() throws IOException {
        return rejects == null ? null : Rejects.create(rejects);
    }
}
