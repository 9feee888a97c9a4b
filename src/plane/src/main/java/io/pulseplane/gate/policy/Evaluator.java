package io.pulseplane.gate.policy;

import com.dylibso.chicory.runtime.ByteArrayMemory;
import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.wasm.types.MemoryLimits;
import com.styra.opa.wasm.OpaWasm_Env;
import com.styra.opa.wasm.OpaWasm_ModuleExports;
import com.styra.opa.wasm.OpaWasm_ModuleImports;

/**
 * One instance of a policy's module, with a memory of its own, for one thread at a time. Every evaluation starts with
 * the same heap, so the memory does not grow with the number of evaluations. An instance that threw may not be used
 * again.
 *
 * @see <a href="https://www.openpolicyagent.org/docs/wasm">OPA's WebAssembly interface, version 1.3</a>
 */
final class Evaluator {

    static final String ENTRYPOINT = "healthcare/healthdata";

    /** Far more than any input takes. */
    static final int MAX_INPUT_BYTES = 64 * 1024;

    /** Far more than any decision takes. */
    static final int MAX_ANSWER_BYTES = 64 * 1024;

    private static final int ABI = 1;
    private static final int ABI_MINOR = 3;
    private static final int JSON_FORMAT = 0;
    private static final int ALIGNMENT = 8;

    private final OpaWasm_ModuleExports module;
    private final Memory memory;
    private final int entrypoint;
    private final int data;
    private final int heap;

    Evaluator(PolicyModule policy) {
        memory = new ByteArrayMemory(new MemoryLimits(policy.initialPages(), PolicyModule.MAX_PAGES));
        var instance = Instance.builder(policy.wasm())
                .withImportValues(new Environment(memory).toImportValues())
                .withMachineFactory(policy.machine())
                .build();
        module = new OpaWasm_ModuleExports(instance);
        if (module.opaWasmAbiVersion().getValue() != ABI
                || module.opaWasmAbiMinorVersion().getValue() < ABI_MINOR) {
            throw new IllegalArgumentException("The policy has another version of OPA's interface than 1.3");
        }
        var builtins = PolicyDocument.parseNumbersByName(dump(module.builtins()));
        if (!builtins.isEmpty()) {
            throw new IllegalArgumentException("The policy uses functions that the plane does not provide: "
                    + String.join(", ", builtins.keySet()));
        }
        entrypoint =
                PolicyDocument.parseNumbersByName(dump(module.entrypoints())).getOrDefault(ENTRYPOINT, -1);
        if (entrypoint < 0) {
            throw new IllegalArgumentException("The policy has no entrypoint " + ENTRYPOINT);
        }
        data = load(policy.data());
        heap = aligned(module.opaHeapPtrGet());
    }

    /**
     * Evaluates an input in JSON. The answer is a JSON array with the result; it is empty if the result is undefined.
     */
    byte[] evaluate(byte[] input) {
        if (input.length > MAX_INPUT_BYTES) {
            throw new IllegalArgumentException("The input has more than " + MAX_INPUT_BYTES + " bytes");
        }
        var freeAddress = aligned(heap + input.length);
        growTo(freeAddress);
        memory.write(heap, input);
        return string(module.opaEval(0, entrypoint, data, heap, input.length, freeAddress, JSON_FORMAT));
    }

    int pages() {
        return memory.pages();
    }

    private int load(byte[] json) {
        var address = module.opaMalloc(json.length);
        memory.write(address, json);
        var value = module.opaJsonParse(address, json.length);
        module.opaFree(address);
        if (value == 0) {
            throw new IllegalArgumentException("The policy's data is not JSON");
        }
        return value;
    }

    private byte[] dump(int value) {
        return string(module.opaJsonDump(value));
    }

    private byte[] string(int address) {
        var length = 0;
        while (memory.read(address + length) != 0) {
            if (++length > MAX_ANSWER_BYTES) {
                throw new IllegalStateException("The answer has more than " + MAX_ANSWER_BYTES + " bytes");
            }
        }
        return memory.readBytes(address, length);
    }

    private void growTo(int end) {
        var missing = end / Memory.PAGE_SIZE + 1 - memory.pages();
        if (missing > 0 && memory.grow(missing) < 0) {
            throw new IllegalStateException("The policy's memory is full");
        }
    }

    private static int aligned(int address) {
        return (address + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** The functions that a module may call: only to abort. So its decisions depend on its input alone. */
    private record Environment(Memory memory) implements OpaWasm_ModuleImports, OpaWasm_Env {

        @Override
        public OpaWasm_Env env() {
            return this;
        }

        @Override
        public void opaAbort(int message) {
            throw new IllegalStateException("The policy aborted");
        }

        @Override
        public int opaBuiltin0(int id, int context) {
            throw missing();
        }

        @Override
        public int opaBuiltin1(int id, int context, int a) {
            throw missing();
        }

        @Override
        public int opaBuiltin2(int id, int context, int a, int b) {
            throw missing();
        }

        @Override
        public int opaBuiltin3(int id, int context, int a, int b, int c) {
            throw missing();
        }

        @Override
        public int opaBuiltin4(int id, int context, int a, int b, int c, int d) {
            throw missing();
        }

        private static IllegalStateException missing() {
            return new IllegalStateException("The policy called a function that the plane does not provide");
        }
    }
}
