package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Describes the machine and the tools of a measurement, and runs commands. */
final class Machine {

    private Machine() {}

    static Map<String, String> facts() {
        var facts = new LinkedHashMap<String, String>();
        facts.put("processor", processor() + ", " + cores() + " cores");
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("Java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        facts.put("commit", commit());
        facts.put("h2load", H2load.version().orElse("not installed"));
        facts.put("ghz", Ghz.version().orElse("not installed"));
        facts.put("go", firstLineOf("go", "version").orElse("not installed"));
        return facts;
    }

    /** The number of all cores, not only of those that this process may use. */
    private static String cores() {
        return firstLineOf("nproc", "--all")
                .orElse(Integer.toString(Runtime.getRuntime().availableProcessors()));
    }

    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException _) {
            return System.getProperty("os.arch");
        }
    }

    private static String commit() {
        var commit = firstLineOf("git", "rev-parse", "--short=12", "HEAD").orElse("unknown");
        return commit + (firstLineOf("git", "status", "--porcelain").isPresent() ? ", with changes" : "");
    }

    /** The first line that a command prints; empty if the program does not exist, fails, or prints nothing. */
    static Optional<String> firstLineOf(String... command) {
        try {
            return outputOf(List.of(command))
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .findFirst();
        } catch (IOException _) {
            return Optional.empty();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** What a command prints on both of its streams. Throws if the command fails. */
    static String outputOf(List<String> command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed\n" + output);
        }
        return output;
    }
}
