package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of the built-in policy, and that it was built from its sources. */
class HealthdataTest {

    private static final int INPUTS = 20_000;
    private static final int INTERPRETED_INPUTS = 500;

    private static final WasmPolicy COMPILED = Policies.builtIn(1);
    private static final WasmPolicy INTERPRETED =
            new WasmPolicy(PolicyModule.interpreted(WasmModules.healthdata(), new byte[0]), 1, Runnable::run);

    @ParameterizedTest
    @MethodSource("io.pulseplane.gate.policy.PolicyCases#all")
    void decides_as_the_table_says(PolicyCases.Case example) {
        var decision = COMPILED.decideNow(example.input());
        assertThat(decision.isPermitted()).isEqualTo(example.allow());
        assertThat(decision.reasons()).isEqualTo(example.reasons());
        assertThat(decision.policyDigest()).isEqualTo(COMPILED.digest());
    }

    @ParameterizedTest
    @MethodSource("io.pulseplane.gate.policy.PolicyCases#all")
    void decides_alike_when_it_is_interpreted(PolicyCases.Case example) {
        assertThat(INTERPRETED.decideNow(example.input())).isEqualTo(COMPILED.decideNow(example.input()));
    }

    @Test
    void decides_random_inputs_as_the_reference_does() {
        var random = new Random(1);
        var permitted = 0;
        for (var i = 0; i < INPUTS; i++) {
            var input = PolicyInputs.random(random);
            var decision = decide(COMPILED, input);
            if (decision.isError()) {
                assertThat(InputJson.of(input))
                        .as("half a surrogate pair")
                        .asString()
                        .contains("\\uD800");
                continue;
            }
            assertThat(decision.isPermitted()).as("%s", input).isEqualTo(ReferencePolicy.permits(input));
            assertThat(decision.reasons().isEmpty()).as("%s", input).isEqualTo(decision.isPermitted());
            if (ReferencePolicy.lacksTheRole(input)) {
                assertThat(decision.reasons()).as("%s", input).containsExactly("role");
            }
            permitted += decision.isPermitted() ? 1 : 0;
        }
        assertThat(permitted).isBetween(INPUTS / 20, INPUTS / 2);
    }

    @Test
    void decides_random_inputs_alike_when_it_is_interpreted() {
        var random = new Random(2);
        for (var i = 0; i < INTERPRETED_INPUTS; i++) {
            var input = PolicyInputs.random(random);
            assertThat(decide(INTERPRETED, input)).as("%s", input).isEqualTo(decide(COMPILED, input));
        }
    }

    @Test
    void the_module_is_built_from_these_sources() throws Exception {
        var current = new TreeMap<String, String>();
        current.put("healthdata.wasm", sha256("healthdata.wasm"));
        try (var sources = Files.list(PolicyCases.REGO.resolve("healthcare"))) {
            for (var source : sources.toList()) {
                var name = "healthcare/" + source.getFileName();
                if (!name.endsWith("_test.rego")) {
                    current.put(name, sha256(name));
                }
            }
        }
        var built = new TreeMap<String, String>();
        for (var line : Files.readAllLines(PolicyCases.REGO.resolve("healthdata.sha256"))) {
            built.put(line.substring(66), line.substring(0, 64));
        }
        assertThat(current).as("run src/plane/src/main/rego/build.sh").isEqualTo(built);
    }

    @Test
    void has_the_digest_of_the_module() throws Exception {
        assertThat(COMPILED.digest()).isEqualTo("sha256:" + sha256("healthdata.wasm"));
        assertThat(INTERPRETED.digest()).isEqualTo(COMPILED.digest());
    }

    @Test
    void the_class_path_has_no_compiler_of_modules() {
        assertThatThrownBy(() -> Class.forName("com.dylibso.chicory.compiler.MachineFactoryCompiler"))
                .isInstanceOf(ClassNotFoundException.class);
    }

    private static PolicyDecision decide(WasmPolicy policy, PolicyInput input) {
        return policy.decide(input).toCompletableFuture().join();
    }

    private static String sha256(String file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes(file)));
    }

    private static byte[] bytes(String file) throws IOException {
        return Files.readAllBytes(PolicyCases.REGO.resolve(file));
    }
}
