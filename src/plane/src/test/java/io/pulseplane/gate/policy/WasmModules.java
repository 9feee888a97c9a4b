package io.pulseplane.gate.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HexFormat;

/** Modules and bundles for tests of policies. */
public final class WasmModules {

    /** A module whose start function never ends. */
    static final byte[] ENDLESS =
            HexFormat.of().parseHex("0061736d0100000001040160000003020100080100" + "0a0901070003400c000b0b");

    private static final String STAFF = "authorized_medical_staff";

    private WasmModules() {}

    /** The built-in policy, to be interpreted. */
    public static byte[] healthdata() {
        try {
            return Files.readAllBytes(PolicyCases.REGO.resolve("healthdata.wasm"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The built-in policy with another name for the role of staff. It must have the same length. */
    public static byte[] withStaffCalled(String role) {
        return replaced(STAFF, role);
    }

    /** The built-in policy with another entrypoint. */
    static byte[] withoutTheEntrypoint() {
        return replaced("healthcare/healthdata", "healthcare/healthdatb");
    }

    public static byte[] bundle(String name) {
        try (var in = WasmModules.class.getResourceAsStream("/policies/" + name + ".tar.gz")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] replaced(String text, String replacement) {
        if (text.length() != replacement.length()) {
            throw new IllegalArgumentException("The replacement must have the same length");
        }
        var latin1 = new String(healthdata(), StandardCharsets.ISO_8859_1);
        if (!latin1.contains(text)) {
            throw new IllegalArgumentException("The module does not have " + text);
        }
        return latin1.replace(text, replacement).getBytes(StandardCharsets.ISO_8859_1);
    }
}
