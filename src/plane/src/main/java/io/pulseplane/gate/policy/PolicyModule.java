package io.pulseplane.gate.policy;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.InterpreterMachine;
import com.dylibso.chicory.runtime.Machine;
import com.dylibso.chicory.wasm.Parser;
import com.dylibso.chicory.wasm.WasmModule;
import com.dylibso.chicory.wasm.types.MemoryImport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.Function;

/**
 * A policy in WebAssembly, from which instances are made. The built-in policy was compiled to classes together with the
 * plane. A policy that is given at run time is interpreted, because a native executable cannot make bytecode.
 *
 * @param data the data of the rules besides the input, as JSON
 */
record PolicyModule(WasmModule wasm, Function<Instance, Machine> machine, byte[] data, String digest) {

    /** The most memory of an instance. */
    static final int MAX_PAGES = 256;

    /** The memory that a decision takes, so that an instance does not grow in its first one. */
    private static final int DECISION_PAGES = 4;

    private static final int SHA256_HEX = 64;

    private static final byte[] NO_DATA = {'{', '}'};

    /** The policy that was compiled into the plane. */
    static PolicyModule builtIn() {
        return new PolicyModule(Healthdata.load(), Healthdata::create, NO_DATA, "sha256:" + builtInDigest());
    }

    /** A policy to be interpreted. Throws the exceptions of Chicory's parser if it is not a module. */
    static PolicyModule interpreted(byte[] wasm, byte[] data) {
        return new PolicyModule(
                Parser.parse(wasm), InterpreterMachine::new, data.length == 0 ? NO_DATA : data, digest(wasm, data));
    }

    int initialPages() {
        return Math.max(DECISION_PAGES, requestedPages());
    }

    private int requestedPages() {
        var imports = wasm.importSection();
        var pages = 0;
        for (var i = 0; i < imports.importCount(); i++) {
            if (imports.getImport(i) instanceof MemoryImport memory) {
                pages = Math.max(pages, memory.limits().initialPages());
            }
        }
        if (pages > MAX_PAGES) {
            throw new IllegalArgumentException("The policy needs more than " + MAX_PAGES + " pages of memory");
        }
        return pages;
    }

    private static String digest(byte[] wasm, byte[] data) {
        try {
            var sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(wasm);
            sha256.update(data);
            return "sha256:" + HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The build of the module wrote the digest, so the plane does not read and hash 140 KB at its start. */
    private static String builtInDigest() {
        try (var digests = PolicyModule.class.getResourceAsStream("healthdata.sha256")) {
            return new String(digests.readNBytes(SHA256_HEX), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
