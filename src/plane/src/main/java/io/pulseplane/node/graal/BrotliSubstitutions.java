package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/**
 * For the native executable: switches off Brotli in Netty. Netty needs a newer Brotli library than Quarkus has, and the
 * build of an image fails if a class that its code names is missing. No client sends Brotli to a plane.
 */
@TargetClass(className = "io.netty.handler.codec.compression.Brotli")
final class BrotliSubstitutions {

    private BrotliSubstitutions() {}

    @Substitute
    @SuppressWarnings("unused") // called by Netty's decompressors
    public static boolean isAvailable() {
        return false;
    }
}
