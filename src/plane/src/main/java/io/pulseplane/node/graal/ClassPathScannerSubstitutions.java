package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import org.flywaydb.core.internal.scanner.classpath.ClassPathLocationScanner;
import org.flywaydb.core.internal.scanner.classpath.UrlResolver;

/**
 * For the native executable: removes Flyway's support for class paths of JBoss and OSGi, because the build of an image
 * fails if a class that its code names is missing. Flyway scans no class path here: {@code
 * io.pulseplane.node.MigrationScripts} lists the scripts.
 */
@TargetClass(className = "org.flywaydb.core.internal.scanner.classpath.ClassPathScanner")
final class ClassPathScannerSubstitutions {

    @Substitute
    @SuppressWarnings("unused") // called by the substituted class
    private UrlResolver createUrlResolver(String protocol) {
        throw new IllegalStateException("Flyway must not scan a class path");
    }

    @Substitute
    @SuppressWarnings("unused") // as above
    private ClassPathLocationScanner createLocationScanner(String protocol) {
        throw new IllegalStateException("Flyway must not scan a class path");
    }
}
