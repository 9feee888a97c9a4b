package io.pulseplane.store.postgres;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import org.postgresql.core.PGStream;
import org.postgresql.sspi.ISSPIClient;

/**
 * Removes SSPI login from the JDBC driver in the native executable. The login needs a Windows library that the plane
 * does not have, and a native image must contain every class that its code refers to.
 */
@TargetClass(className = "org.postgresql.core.v3.ConnectionFactoryImpl")
final class SspiSubstitutions {

    @Substitute
    @SuppressWarnings("unused") // called by the substituted class
    private static ISSPIClient createSSPI(PGStream stream, String serviceClass, boolean negotiate) {
        throw new IllegalStateException("this program cannot log in by SSPI");
    }
}
