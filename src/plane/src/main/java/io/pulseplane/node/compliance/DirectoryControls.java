package io.pulseplane.node.compliance;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.node.AuditTrailVerification;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The controls that the data directory of a plane shows. The plane may be running or not. */
final class DirectoryControls {

    private static final int MAX_NAMED_FILES = 3;

    private static final Set<PosixFilePermission> PERMISSIONS_OF_OTHERS = Set.of(
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE,
            PosixFilePermission.GROUP_EXECUTE,
            PosixFilePermission.OTHERS_READ,
            PosixFilePermission.OTHERS_WRITE,
            PosixFilePermission.OTHERS_EXECUTE);

    private final Path dataDir;

    DirectoryControls(Path dataDir) {
        this.dataDir = dataDir;
    }

    List<Control> check() {
        if (!Files.isDirectory(dataDir)) {
            return List.of(new Control(
                    "data-directory",
                    "45 CFR 164.310(d)(1)",
                    Control.Status.FAIL,
                    "there is no data directory " + dataDir));
        }
        return List.of(permissions(), auditTrail());
    }

    /** The directory itself keeps others out, so files in it only fail if the directory does. */
    private Control permissions() {
        var id = "file-permissions";
        var requirement = "45 CFR 164.312(a)(1); GDPR 32(1)(b)";
        if (!PrivateFiles.hasModes(dataDir)) {
            return Control.notApplicable(id, requirement, "this file system has no permissions of POSIX");
        }
        try {
            var open = openToOthers();
            var named = open.stream().limit(MAX_NAMED_FILES).map(Path::toString).toList();
            return Control.passIf(
                    open.isEmpty(),
                    id,
                    requirement,
                    "nobody but the owner gets at the data directory",
                    "others can get at " + String.join(", ", named)
                            + (open.size() > named.size() ? " and " + (open.size() - named.size()) + " more" : "")
                            + ": run chmod -R go= " + dataDir);
        } catch (IOException | UncheckedIOException _) {
            return new Control(id, requirement, Control.Status.FAIL, "the data directory cannot be read");
        }
    }

    private List<Path> openToOthers() throws IOException {
        if (!isOpen(dataDir)) {
            return List.of();
        }
        var open = new ArrayList<Path>();
        try (var files = Files.walk(dataDir)) {
            for (var file : (Iterable<Path>) files::iterator) {
                if (isOpen(file)) {
                    open.add(file);
                }
            }
        }
        return open;
    }

    private static boolean isOpen(Path file) throws IOException {
        if (Files.isSymbolicLink(file)) {
            return true;
        }
        return Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS).stream()
                .anyMatch(PERMISSIONS_OF_OTHERS::contains);
    }

    private Control auditTrail() {
        var id = "audit-trail-is-intact";
        var requirement = "45 CFR 164.312(c)(1), (c)(2); GDPR 5(1)(f)";
        var trail = dataDir.resolve("audit");
        if (!Files.isDirectory(trail)) {
            return Control.notApplicable(id, requirement, "there is no audit trail in the data directory");
        }
        var report = AuditTrailVerification.verify(trail, Optional.empty(), Optional.empty());
        return Control.passIf(
                report.succeeded(),
                id,
                requirement,
                report.lines().getFirst(),
                report.lines().getFirst() + "; see pulseplane audit verify");
    }
}
