package io.pulseplane.cli;

import io.pulseplane.node.PlaneProcess;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs a plane until the process is asked to stop. */
@Command(name = "serve", description = "Run the plane. This is the default command.")
final class ServeCommand implements Callable<Integer> {

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "The data directory; the plane creates it if it does not exist. Default: data")
    private Path dataDir;

    @Override
    public Integer call() {
        if (dataDir != null) {
            System.setProperty("pulseplane.data-dir", dataDir.toString());
        }
        return new PlaneProcess(() -> {}).run();
    }
}
