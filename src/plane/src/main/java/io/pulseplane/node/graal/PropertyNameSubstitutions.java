package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.smallrye.config.PropertyName;

/**
 * For the native executable: names in the configuration have a hash. As a star stands for any segment, SmallRye counts brackets
 * only, and every look-up is a walk along all names there are. The first two segments of a name never are a star: see
 * {@link BuildTimeConfig}, which makes sure of it.
 */
@TargetClass(PropertyName.class)
final class PropertyNameSubstitutions {

    private PropertyNameSubstitutions() {}

    @Substitute
    @SuppressWarnings("unused") // called by its constructor
    private static int hashCode(String name) {
        int hash = 0;
        int dots = 0;
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c == '.' && ++dots == 2 || c == '"' || c == '[' || c == '*') {
                break;
            }
            hash = 31 * hash + c;
        }
        return hash;
    }
}
