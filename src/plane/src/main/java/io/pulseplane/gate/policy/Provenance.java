package io.pulseplane.gate.policy;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.TreeSet;

/** Reads which policy an OPA server decided by, which the server adds with {@code ?provenance=true}. */
final class Provenance {

    /** A bound, because the revision goes into the audit trail with each decision. */
    private static final int MAX_CHARACTERS = 200;

    private Provenance() {}

    /** Returns the revisions of the bundles that the server has loaded, or null if it names none. */
    static String revision(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return null;
        }
        var revisions = new TreeSet<String>();
        var depth = 1;
        while (depth > 0) {
            var token = parser.nextToken();
            if (token == null) {
                throw new IOException("The answer ends early");
            } else if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token == JsonToken.VALUE_STRING && "revision".equals(parser.currentName())) {
                revisions.add(parser.getText());
            }
        }
        revisions.remove("");
        if (revisions.isEmpty()) {
            return null;
        }
        var joined = String.join(",", revisions);
        return joined.substring(0, Math.min(MAX_CHARACTERS, joined.length()));
    }
}
