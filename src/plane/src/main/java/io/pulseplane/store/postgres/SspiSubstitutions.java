package io.pulseplane.store.postgres;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import org.postgresql.core.PGStream;
import org.postgresql.sspi.ISSPIClient;

/**
 * For the native executable: PostgreSQL's driver can log in by Windows' SSPI through a library that is not here, and an image
 * is closed over all that its code names.
 */
@TargetClass(className = "org.postgresql.core.v3.ConnectionFactoryImpl")
final class SspiSubstitutions {

    @Substitute
    @SuppressWarnings("unused") // called by the class it takes the place in
    private static ISSPIClient createSSPI(PGStream stream, String serviceClass, boolean negotiate) {
        throw new IllegalStateException("no log-in by SSPI");
    }
}
