package io.pulseplane.cli;

import java.io.IOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Reads the version that the build has written into a resource. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() throws IOException {
        var build = new Properties();
        try (var file = Version.class.getResourceAsStream("/pulseplane-build.properties")) {
            build.load(file);
        }
        return new String[] {"pulseplane " + build.getProperty("version")};
    }
}
