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
 * Measures how long a decision takes: one from the cache, as for all calls but the first of a kind; one of the built-in
 * policy, which is compiled; and one of a policy from a directory, which is interpreted on a thread of its own.
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

    /** Whether the patient consents. A refusal also needs reasons. */
    @Param({"true", "false"})
    public boolean consent;

    private Policy caching;
    private WasmPolicy compiled;
    private Policy interpreted;
    private Path directory;
    private int patient;

    @Setup
    public void open() throws IOException {
        caching = Policies.open(PolicySettings.defaults());
        caching.decide(input("p-0"));
        compiled = Policies.builtIn(1);
        directory = Files.createTempDirectory("policy");
        Files.copy(MODULE, directory.resolve("policy.wasm"));
        var defaults = PolicySettings.defaults();
        interpreted = Policies.open(new PolicySettings(
                PolicySettings.Engine.WASM,
                Optional.of(directory),
                Duration.ofHours(1),
                defaults.instances(),
                1,
                defaults.server(),
                defaults.serverTimeout(),
                defaults.serverDecisionTtl(),
                defaults.serverMaxFailures(),
                defaults.serverRetryDelay()));
    }

    @TearDown
    public void close() throws IOException {
        caching.close();
        compiled.close();
        interpreted.close();
        Files.delete(directory.resolve("policy.wasm"));
        Files.delete(directory);
    }

    /** Includes the creation of the policy's input, which each call needs. */
    @Benchmark
    public PolicyDecision cached() {
        return caching.cached(input("p-0"));
    }

    @Benchmark
    public PolicyDecision compiled() {
        return compiled.decide(input("p-0")).toCompletableFuture().join();
    }

    /** Uses a new patient each time, because this policy caches its decisions, too. */
    @Benchmark
    public PolicyDecision interpreted() {
        return interpreted.decide(input("p-" + patient++)).toCompletableFuture().join();
    }

    private PolicyInput input(String id) {
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
