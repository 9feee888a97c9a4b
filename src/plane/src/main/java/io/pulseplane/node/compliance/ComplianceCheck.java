package io.pulseplane.node.compliance;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Checks every control of a plane: its configuration and state, and its data directory. */
public final class ComplianceCheck {

    private ComplianceCheck() {}

    /**
     * Runs the check. Blocks, for as long as the audit trail takes to verify.
     *
     * @param address the address of the plane's health and metrics
     * @param dataDir the data directory; empty if it is on another machine
     */
    public static List<Control> run(URI address, Optional<Path> dataDir) throws InterruptedException {
        var controls = new ArrayList<>(RunningPlane.controls(address));
        dataDir.ifPresent(directory -> controls.addAll(new DirectoryControls(directory).check()));
        return controls;
    }
}
