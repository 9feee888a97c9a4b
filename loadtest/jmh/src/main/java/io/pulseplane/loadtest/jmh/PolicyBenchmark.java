package io.pulseplane.loadtest.jmh;

import io.pulseplane.gate.policy.Policies;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyDecision;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.gate.policy.PolicySettings;
import io.pulseplane.gate.policy.WasmPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a decision costs: one that is known already, as it is for all calls but the first of a kind; one that the built-in
 * policy has to make, compiled; and one that a policy from a directory has to make, interpreted, on a thread of its own.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 2)
public class PolicyBenchmark {

    /** The module that the built-in policy was compiled from; benchmarks run at the root of the repository. */
    private static final Path MODULE = Path.of("src/plane/src/main/rego/healthdata.wasm");

    private static final PolicyInput.User STAFF =
            new PolicyInput.User("anna", List.of("authorized_medical_staff"), "ward-7", "", "");

    /** Whether the patient agreed: a refusal has to say why. */
    @Param({"true", "false"})
    public boolean consent;

    private Policy known;
    private WasmPolicy compiled;
    private Policy interpreted;
    private Path directory;
    private int patient;

    @Setup
    public void open() throws IOException {
        known = Policies.open(PolicySettings.defaults());
        known.decide(asked("p-0"));
        compiled = Policies.builtIn(1);
        directory = Files.createTempDirectory("policy");
        Files.copy(MODULE, directory.resolve("policy.wasm"));
        var usual = PolicySettings.defaults();
        interpreted = Policies.open(new PolicySettings(
                PolicySettings.Engine.WASM,
                Optional.of(directory),
                Duration.ofHours(1),
                usual.instances(),
                1,
                usual.server(),
                usual.serverTimeout(),
                usual.serverDecisionTtl(),
                usual.serverMaxFailures(),
                usual.serverRetryDelay()));
    }

    @TearDown
    public void close() throws IOException {
        known.close();
        compiled.close();
        interpreted.close();
        Files.delete(directory.resolve("policy.wasm"));
        Files.delete(directory);
    }

    /** With the making of the question, as each call makes its own. */
    @Benchmark
    public PolicyDecision known() {
        return known.cached(asked("p-0"));
    }

    @Benchmark
    public PolicyDecision compiled() {
        return compiled.decide(asked("p-0")).toCompletableFuture().join();
    }

    /** A patient that was not asked for before, as verdicts are remembered here too. */
    @Benchmark
    public PolicyDecision interpreted() {
        return interpreted.decide(asked("p-" + patient++)).toCompletableFuture().join();
    }

    private PolicyInput asked(String id) {
        return new PolicyInput(
                "query",
                "pulseplane.v1.QueryService/GetLatest",
                STAFF,
                id,
                consent,
                "",
                "",
                true,
                "local",
                true,
                "node-1");
    }
}
