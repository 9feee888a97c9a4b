package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OutOfMemoryTest {

    /** A process that fills its heap, catches the error as a library would, and would live on. */
    static final class Exhausted {
        public static void main(String... arguments) throws InterruptedException {
            // As in the plane, which has a shutdown hook, the classes for it are loaded while there is memory.
            OutOfMemory.exitIfCauseOf(null);
            Runtime.getRuntime().addShutdownHook(new Thread());
            var failure = new IllegalStateException("a call failed");
            List<byte[]> filled = new ArrayList<>();
            try {
                while (true) {
                    filled.add(new byte[100_000]);
                }
            } catch (OutOfMemoryError e) {
                failure.initCause(e);
                OutOfMemory.exitIfCauseOf(failure);
            }
            new CountDownLatch(1).await();
        }
    }

    @Test
    void ends_the_process_at_once_with_one_line_and_its_status() throws Exception {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx16m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Exhausted.class.getName())
                .redirectErrorStream(true)
                .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(OutOfMemory.EXIT_STATUS);
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("pulseplane ends with status 3, because its memory is used up\n");
    }

    @Test
    void other_failures_end_nothing() {
        assertThatCode(() -> OutOfMemory.exitIfCauseOf(new StackOverflowError()))
                .doesNotThrowAnyException();
        assertThatCode(() -> OutOfMemory.exitIfCauseOf(null)).doesNotThrowAnyException();
        var first = new IllegalStateException("a cycle of causes");
        first.initCause(new IllegalStateException(first));
        assertThatCode(() -> OutOfMemory.exitIfCauseOf(first)).doesNotThrowAnyException();
    }
}
