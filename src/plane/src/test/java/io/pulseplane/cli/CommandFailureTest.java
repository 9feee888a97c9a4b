package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Whatever a command throws, the user reads a sentence, and a script gets a documented status. */
class CommandFailureTest {

    private static final List<List<String>> COMMANDS = List.of(
            List.of("serve"),
            List.of("demo"),
            List.of("simulate"),
            List.of("replay", "file.csv"),
            List.of("query", "latest", "--patient", "p"),
            List.of("query", "range", "--patient", "p"),
            List.of("query", "aggregate", "--patient", "p"),
            List.of("query", "stats", "--patient", "p"),
            List.of("watch", "--patient", "p"),
            List.of("token", "--role", "auditor"),
            List.of("consent", "grant", "--patient", "p"),
            List.of("consent", "withdraw", "--patient", "p"),
            List.of("consent", "show", "--patient", "p"),
            List.of("erase", "--patient", "p", "--reason", "r"),
            List.of("audit", "list"),
            List.of("audit", "verify"),
            List.of("store", "inspect"),
            List.of("store", "verify"),
            List.of("store", "compact"),
            List.of("clock", "confirm"),
            List.of("compliance", "check"),
            List.of("migrate"));

    @TempDir
    private Path directory;

    private record Run(int status, String out, String err) {}

    /** The failure is thrown where picocli would run the command. */
    private static Run failing(Throwable failure, List<String> command) {
        var arguments = command.toArray(String[]::new);
        var out = new StringWriter();
        var err = new StringWriter();
        int status = Pulseplane.commandLine(arguments)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setExecutionStrategy(parsed -> {
                    var failed = parsed.asCommandLineList().getLast();
                    throw new CommandLine.ExecutionException(failed, "as picocli wraps it", failure);
                })
                .execute(arguments);
        return new Run(status, out.toString(), err.toString());
    }

    private static Run run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        int status = Pulseplane.commandLine(arguments)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new Run(status, out.toString(), err.toString());
    }

    static Stream<List<String>> commands() {
        return COMMANDS.stream();
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new NullPointerException("x is null"), 1, "a fault of the program"),
                Arguments.of(new IllegalStateException(), 1, "a fault of the program: java.lang.IllegalStateException"),
                Arguments.of(new IOException("disk is gone"), 1, "pulseplane: disk is gone"),
                Arguments.of(new NoSuchFileException("a.csv"), 1, "there is no file a.csv"),
                Arguments.of(new AccessDeniedException("a.csv"), 1, "a.csv may not be read or written by this user"),
                Arguments.of(new FileSystemException("a", null, "Is a directory"), 1, "pulseplane: a: Is a directory"),
                Arguments.of(new UncheckedIOException(new IOException("disk is gone")), 1, "pulseplane: disk is gone"),
                Arguments.of(new ExecutionException(denied()), 1, "PERMISSION_DENIED: not permitted"),
                Arguments.of(new InterruptedException(), 1, "interrupted"),
                Arguments.of(Status.UNAVAILABLE.asRuntimeException(), 5, "UNAVAILABLE"),
                Arguments.of(Status.RESOURCE_EXHAUSTED.asRuntimeException(), 5, "RESOURCE_EXHAUSTED"),
                Arguments.of(Status.DEADLINE_EXCEEDED.asRuntimeException(), 5, "--deadline asks for more time"),
                Arguments.of(new Playback.LongWaitException("line 3 is late"), 3, "pulseplane: line 3 is late"));
    }

    private static StatusRuntimeException denied() {
        return Status.PERMISSION_DENIED.withDescription("not permitted").asRuntimeException();
    }

    @ParameterizedTest
    @MethodSource("failures")
    void describes_a_failure_in_a_sentence(Exception failure, int status, String message) {
        var run = handled(failure);
        assertThat(run.status()).isEqualTo(status);
        assertThat(run.err()).contains(message).doesNotContain("\tat ");
        assertThat(run.out()).isEmpty();
    }

    private static Run handled(Exception failure) {
        var err = new StringWriter();
        var line = Pulseplane.commandLine("watch").setErr(new PrintWriter(err, true));
        return new Run(CommandExceptionHandler.handle(failure, line, null), "", err.toString());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void no_command_prints_a_trace(List<String> command) {
        for (var failure : List.of(new IllegalArgumentException("an odd thing"), new AssertionError("an odd thing"))) {
            var run = failing(failure, command);
            assertThat(run.status()).isEqualTo(1);
            assertThat(run.err())
                    .startsWith("pulseplane: ")
                    .contains("an odd thing")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void ends_quietly_when_nobody_reads_the_output() {
        var closed = StandardOutput.open(new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                throw new IOException("Broken pipe");
            }
        });
        assertThat(Pulseplane.run(closed, "token", "--role", "auditor", "--data-dir", directory.toString()))
                .isEqualTo(141);
    }

    @Test
    void refuses_odd_files_and_times_in_a_sentence() throws IOException {
        var file = Files.writeString(directory.resolve("r.csv"), "measured_at\n");
        assertUsage("is a directory", "replay", directory.toString());
        assertUsage("there is no readable file at nowhere.csv", "replay", "nowhere.csv");
        assertUsage("is not a charset", "replay", file.toString(), "--charset", "klingon");
        assertUsage("is not a time zone", "replay", file.toString(), "--zone", "Mars/Base");
        assertUsage("would overwrite the recording", "replay", file.toString(), "--rejects", file.toString());
        assertUsage("standard input cannot be the recording and the token", "replay", "-", "--token", "-");
        assertUsage("is not a duration from 0s", "replay", file.toString(), "--patience", "-PT5S");
        assertUsage("is not a duration from 0s", "replay", file.toString(), "--patience", "99999999d");
        assertUsage("has no offset from UTC", "query", "range", "--patient", "p", "--from", "2026-03-01T10:00:00");
        assertUsage("is a number", "query", "range", "--patient", "p", "--from", "1772359214");
        assertUsage("is no time that exists", "query", "range", "--patient", "p", "--from", "2026-02-30T00:00Z");
    }

    private static void assertUsage(String message, String... arguments) {
        var run = run(arguments);
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains(message).doesNotContain("\tat ");
    }

    @Test
    void carries_no_token_in_clear_text_to_another_machine() throws IOException {
        var home = directory.toString();
        assertThat(run("token", "--role", "auditor", "--data-dir", home).status())
                .isZero();
        for (var target : List.of("192.0.2.2:9397", "192.0.2.2", "dns:///192.0.2.2:9397", "[2001:db8::1]:9397")) {
            assertUsage(
                    "could read the token: use --tls or --ca, or permit it with --plaintext-token",
                    "consent",
                    "grant",
                    "--patient",
                    "p",
                    "--data-dir",
                    home,
                    "--target",
                    target);
        }
    }

    @Test
    void takes_no_token_file_that_others_can_use() throws IOException {
        var file = Files.writeString(directory.resolve("token"), "abc");
        for (var mode : List.of("rw-rw-rw-", "rw-r--r--", "rw--w----", "rw------x")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
            var run = run("query", "latest", "--patient", "p", "--token-file", file.toString());
            assertThat(run.status()).isEqualTo(1);
            assertThat(run.err()).contains("has mode " + mode).contains("chmod 600 " + file);
        }
    }

    @Test
    void warns_of_a_token_that_other_users_can_see() throws IOException {
        try (var dead = Program.unansweredPort()) {
            var run = run(
                    "query",
                    "latest",
                    "--patient",
                    "p",
                    "--token",
                    "abc",
                    "--target",
                    "127.0.0.1:" + dead.getLocalPort());
            assertThat(run.status()).isEqualTo(5);
            assertThat(run.err())
                    .contains("other users of this machine can see --token")
                    .contains("no plane answers");
        }
    }

    @Test
    void lists_its_statuses_in_help() {
        assertThat(run("--help").out()).contains("141").contains("Nobody reads the output any more");
    }
}
