package io.pulseplane.cli;

import io.pulseplane.node.PlaneProcess;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs a plane until it is told to stop. */
@Command(name = "serve", description = "Run the plane. This is what happens without a command, too.")
final class ServeCommand implements Callable<Integer> {

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Where to keep everything; made if it is not there. Default: data")
    private Path dataDir;

    @Override
    public Integer call() {
        if (dataDir != null) {
            System.setProperty("pulseplane.data-dir", dataDir.toString());
        }
        return new PlaneProcess(() -> {}).run();
    }
}
