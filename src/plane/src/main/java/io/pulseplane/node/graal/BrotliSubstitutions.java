package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/**
 * For the native executable: Netty could unpack Brotli with a newer library than Quarkus brings, and an image is closed over
 * all that its code names. Nobody sends a plane any.
 */
@TargetClass(className = "io.netty.handler.codec.compression.Brotli")
final class BrotliSubstitutions {

    private BrotliSubstitutions() {}

    @Substitute
    @SuppressWarnings("unused") // called by those who would unpack it
    public static boolean isAvailable() {
        return false;
    }
}
