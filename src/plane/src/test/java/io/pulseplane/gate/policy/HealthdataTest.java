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

/** The built-in policy: its rules, and that it is what its sources say. */
class HealthdataTest {

    private static final int QUESTIONS = 20_000;
    private static final int INTERPRETED_QUESTIONS = 500;

    private static final WasmPolicy COMPILED = Policies.builtIn(1);
    private static final WasmPolicy INTERPRETED =
            new WasmPolicy(PolicyModule.interpreted(WasmModules.healthdata(), new byte[0]), 1, Runnable::run);

    @ParameterizedTest
    @MethodSource("io.pulseplane.gate.policy.PolicyCases#all")
    void decides_the_table(PolicyCases.Case asked) {
        var verdict = COMPILED.decideNow(asked.input());
        assertThat(verdict.isPermitted()).isEqualTo(asked.allow());
        assertThat(verdict.reasons()).isEqualTo(asked.reasons());
        assertThat(verdict.policyDigest()).isEqualTo(COMPILED.digest());
    }

    @ParameterizedTest
    @MethodSource("io.pulseplane.gate.policy.PolicyCases#all")
    void decides_alike_when_it_is_interpreted(PolicyCases.Case asked) {
        assertThat(INTERPRETED.decideNow(asked.input())).isEqualTo(COMPILED.decideNow(asked.input()));
    }

    @Test
    void decides_anything_as_plain_java_does() {
        var random = new Random(1);
        var permitted = 0;
        for (var i = 0; i < QUESTIONS; i++) {
            var asked = PolicyInputs.random(random);
            var verdict = verdict(COMPILED, asked);
            if (verdict.isError()) {
                assertThat(InputJson.of(asked))
                        .as("half a character")
                        .asString()
                        .contains("\\uD800");
                continue;
            }
            assertThat(verdict.isPermitted()).as("%s", asked).isEqualTo(ReferencePolicy.permits(asked));
            assertThat(verdict.reasons().isEmpty()).as("%s", asked).isEqualTo(verdict.isPermitted());
            if (ReferencePolicy.lacksTheRole(asked)) {
                assertThat(verdict.reasons()).as("%s", asked).containsExactly("role");
            }
            permitted += verdict.isPermitted() ? 1 : 0;
        }
        assertThat(permitted).isBetween(QUESTIONS / 20, QUESTIONS / 2);
    }

    @Test
    void decides_anything_alike_when_it_is_interpreted() {
        var random = new Random(2);
        for (var i = 0; i < INTERPRETED_QUESTIONS; i++) {
            var asked = PolicyInputs.random(random);
            assertThat(verdict(INTERPRETED, asked)).as("%s", asked).isEqualTo(verdict(COMPILED, asked));
        }
    }

    @Test
    void the_module_is_built_from_these_sources() throws Exception {
        var found = new TreeMap<String, String>();
        found.put("healthdata.wasm", sha256("healthdata.wasm"));
        try (var sources = Files.list(PolicyCases.REGO.resolve("healthcare"))) {
            for (var source : sources.toList()) {
                var name = "healthcare/" + source.getFileName();
                if (!name.endsWith("_test.rego")) {
                    found.put(name, sha256(name));
                }
            }
        }
        var built = new TreeMap<String, String>();
        for (var line : Files.readAllLines(PolicyCases.REGO.resolve("healthdata.sha256"))) {
            built.put(line.substring(66), line.substring(0, 64));
        }
        assertThat(found).as("run src/plane/src/main/rego/build.sh").isEqualTo(built);
    }

    @Test
    void its_digest_is_the_modules() throws Exception {
        assertThat(COMPILED.digest()).isEqualTo("sha256:" + sha256("healthdata.wasm"));
        assertThat(INTERPRETED.digest()).isEqualTo(COMPILED.digest());
    }

    @Test
    void nothing_is_here_that_makes_bytecode_at_run_time() {
        assertThatThrownBy(() -> Class.forName("com.dylibso.chicory.compiler.MachineFactoryCompiler"))
                .isInstanceOf(ClassNotFoundException.class);
    }

    private static PolicyDecision verdict(WasmPolicy policy, PolicyInput asked) {
        return policy.decide(asked).toCompletableFuture().join();
    }

    private static String sha256(String file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes(file)));
    }

    private static byte[] bytes(String file) throws IOException {
        return Files.readAllBytes(PolicyCases.REGO.resolve(file));
    }
}
