package io.pulseplane.node.graal;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;
import io.smallrye.config.PropertyName;

/**
 * For the native executable: gives names in the configuration a hash code of their first two segments. A star stands
 * for any segment, so SmallRye's hash code counts only brackets, and every look-up walks along all names. The first two
 * segments of a name never are a star: {@link BuildTimeConfig} checks that.
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
            if ((c == '.' && ++dots == 2) || c == '"' || c == '[' || c == '*') {
                break;
            }
            hash = 31 * hash + c;
        }
        return hash;
    }
}
