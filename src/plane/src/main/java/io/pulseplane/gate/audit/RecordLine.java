package io.pulseplane.gate.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes and parses records as lines of JSON. Empty texts are left out. Not thread-safe. */
public final class RecordLine {

    /** More than the longest record takes when every character is escaped. */
    static final int MAX_BYTES = 64 << 10;

    public static final byte[] NUMBER_PREFIX = ascii("{\"n\":");
    private static final byte[] TIME = ascii(",\"time_us\":");
    private static final byte[] PERMITTED = ascii(",\"decision\":\"permitted\"");
    private static final byte[] REFUSED = ascii(",\"decision\":\"refused\"");
    private static final byte[] SUBJECT = ascii(",\"subject\":\"");
    private static final byte[] SUBJECT_HASH = ascii(",\"subject_hash\":\"");
    private static final byte[] PATIENT = ascii(",\"patient\":\"");
    private static final byte[] PATIENT_HASH = ascii(",\"patient_hash\":\"");
    private static final byte[] DEVICE = ascii(",\"device\":\"");
    private static final byte[] CODES = ascii(",\"codes\":[");
    private static final byte[] PEER = ascii(",\"peer\":\"");
    private static final byte[] REQUEST = ascii(",\"request\":\"");
    private static final byte[] END = ascii("}\n");

    /** The role of callers who are patients, and whose names are therefore hashed too. */
    private static final String PATIENT_ROLE = "patient";

    private static final JsonFactory JSON = new JsonFactory();

    private final CachedField role = new CachedField(",\"role\":\"");
    private final CachedField tenant = new CachedField(",\"tenant\":\"");
    private final CachedField action = new CachedField(",\"action\":\"");
    private final CachedField rpc = new CachedField(",\"rpc\":\"");
    private final CachedField reason = new CachedField(",\"reason\":\"");
    private final CachedField policy = new CachedField(",\"policy\":\"");

    /** Null if the trail has patients in clear. */
    private final PatientHashFields hashes;

    /** Writes patients in clear. */
    public RecordLine() {
        hashes = null;
    }

    /** Writes the hashes of patients, also where the caller is one. */
    public RecordLine(PatientHash hash) {
        hashes = new PatientHashFields(hash);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Appends the record's line. The buffer must have room for {@link #MAX_BYTES}. */
    public void write(JsonBuffer out, long number, AuditRecord record) {
        out.raw(NUMBER_PREFIX);
        out.number(number);
        out.raw(TIME);
        out.number(record.timeUs());
        out.raw(record.decision() == Decision.PERMITTED ? PERMITTED : REFUSED);
        if (hashes != null
                && record.role().equals(PATIENT_ROLE)
                && !record.subject().isEmpty()) {
            hashes.write(out, SUBJECT_HASH, record.subject());
        } else {
            field(out, SUBJECT, record.subject());
        }
        role.write(out, record.role());
        tenant.write(out, record.tenant());
        action.write(out, record.action());
        rpc.write(out, record.rpc());
        if (hashes != null && !record.patient().isEmpty()) {
            hashes.write(out, PATIENT_HASH, record.patient());
        } else {
            field(out, PATIENT, record.patient());
        }
        field(out, DEVICE, record.device());
        codes(out, record.codes());
        reason.write(out, record.reason());
        policy.write(out, record.policyDigest());
        field(out, PEER, record.peer());
        field(out, REQUEST, record.requestId());
        out.raw(END);
    }

    /**
     * A field whose text is usually the same object as in the record before. Comparing references and copying bytes
     * takes a tenth of the time that escaping takes.
     */
    private static final class CachedField {

        private final byte[] name;
        private final byte[] bytes;
        private int length;
        private String cachedText = "";

        CachedField(String name) {
            this.name = ascii(name);
            this.bytes = new byte[name.length() + AuditRecord.MAX_TEXT_LENGTH * JsonBuffer.MAX_CHARACTER_BYTES + 1];
        }

        /** An equal text in another object is escaped again, which gives the same bytes. */
        @SuppressWarnings("ReferenceEquality")
        void write(JsonBuffer out, String text) {
            if (text.isEmpty()) {
                return;
            }
            if (text == cachedText) {
                out.raw(bytes, length);
                return;
            }
            int start = out.length();
            field(out, name, text);
            cachedText = text;
            length = out.length() - start;
            System.arraycopy(out.bytes(), start, bytes, 0, length);
        }
    }

    private static void field(JsonBuffer out, byte[] name, String text) {
        if (!text.isEmpty()) {
            out.raw(name);
            out.text(text);
            out.raw('"');
        }
    }

    /** Goes through the list by index, because an iterator would be an allocation per record. */
    private static void codes(JsonBuffer out, List<String> codes) {
        if (codes.isEmpty()) {
            return;
        }
        out.raw(CODES);
        for (int i = 0; i < codes.size(); i++) {
            if (i > 0) {
                out.raw(',');
            }
            out.raw('"');
            out.text(codes.get(i));
            out.raw('"');
        }
        out.raw(']');
    }

    public static String text(long number, AuditRecord record) {
        var out = new JsonBuffer(MAX_BYTES);
        new RecordLine().write(out, number, record);
        return new String(out.bytes(), 0, out.length() - 1, StandardCharsets.UTF_8);
    }

    /** @throws IOException if {@link #write} cannot have written this line */
    public static AuditEntry parse(byte[] bytes, int from, int length, boolean isProven) throws IOException {
        try (var parser = JSON.createParser(bytes, from, length)) {
            var fields = new Fields();
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("a record must be a JSON object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                fields.read(parser.currentName(), parser);
            }
            return fields.entry(isProven);
        }
    }

    /** The fields of a line that were parsed so far. */
    private static final class Fields {

        private long number;
        private long time;
        private Decision decision;
        private String subject = "";
        private String subjectHash = "";
        private String role = "";
        private String tenant = "";
        private String action = "";
        private String rpc = "";
        private String patient = "";
        private String patientHash = "";
        private String device = "";
        private final List<String> codes = new ArrayList<>();
        private String reason = "";
        private String policy = "";
        private String peer = "";
        private String request = "";

        void read(String name, JsonParser parser) throws IOException {
            parser.nextToken();
            switch (name) {
                case "n" -> number = parser.getLongValue();
                case "time_us" -> time = parser.getLongValue();
                case "decision" -> decision = decision(parser.getText());
                case "subject" -> subject = parser.getText();
                case "subject_hash" -> subjectHash = parser.getText();
                case "role" -> role = parser.getText();
                case "tenant" -> tenant = parser.getText();
                case "action" -> action = parser.getText();
                case "rpc" -> rpc = parser.getText();
                case "patient" -> patient = parser.getText();
                case "patient_hash" -> patientHash = parser.getText();
                case "device" -> device = parser.getText();
                case "codes" -> {
                    while (parser.nextToken() == JsonToken.VALUE_STRING) {
                        codes.add(parser.getText());
                    }
                }
                case "reason" -> reason = parser.getText();
                case "policy" -> policy = parser.getText();
                case "peer" -> peer = parser.getText();
                case "request" -> request = parser.getText();
                default -> throw new IOException("a record has a field that is not known");
            }
        }

        private static Decision decision(String label) throws IOException {
            for (var decision : Decision.values()) {
                if (decision.label().equals(label)) {
                    return decision;
                }
            }
            throw new IOException("a record has a decision that is not known");
        }

        AuditEntry entry(boolean isProven) throws IOException {
            if (number < 1 || decision == null) {
                throw new IOException("a record must have a number and a decision");
            }
            return new AuditEntry(
                    number,
                    new AuditRecord(
                            time, subject, role, tenant, action, rpc, patient, device, codes, decision, reason, policy,
                            peer, request),
                    isProven,
                    subjectHash,
                    patientHash);
        }
    }
}
