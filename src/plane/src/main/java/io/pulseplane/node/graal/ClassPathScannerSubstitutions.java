package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import org.flywaydb.core.internal.scanner.classpath.ClassPathLocationScanner;
import org.flywaydb.core.internal.scanner.classpath.UrlResolver;

/**
 * For the native executable: Flyway knows class paths in JBoss and in OSGi, and an image is closed over all that its code
 * names. {@link io.pulseplane.node.MigrationScripts} says where the steps are, so it looks in none.
 */
@TargetClass(className = "org.flywaydb.core.internal.scanner.classpath.ClassPathScanner")
final class ClassPathScannerSubstitutions {

    @Substitute
    @SuppressWarnings("unused") // called by the class it takes the place in
    private UrlResolver createUrlResolver(String protocol) {
        throw new IllegalStateException("no class path");
    }

    @Substitute
    @SuppressWarnings("unused") // as above
    private ClassPathLocationScanner createLocationScanner(String protocol) {
        throw new IllegalStateException("no class path");
    }
}
