package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pulseplane.gate.policy.PolicyInput.User;
import io.pulseplane.vitals.PlaneException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PolicyDirectoryTest {

    private static final String NURSE = "authorized_medical_nurse";
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private PolicyDirectory policy;

    @AfterEach
    void close() {
        if (policy != null) {
            policy.close();
        }
    }

    @Test
    void decides_by_the_module_in_the_directory() throws Exception {
        put("policy.wasm", WasmModules.withStaffCalled(NURSE));
        policy = open();
        assertThat(permitted("authorized_medical_staff")).isFalse();
        assertThat(permitted(NURSE)).isTrue();
        assertThat(policy.cached(by(NURSE)).policyDigest()).isEqualTo(policy.digest());
    }

    @Test
    void decides_by_the_bundle_in_the_directory_and_its_data() throws Exception {
        put("bundle.tar.gz", WasmModules.bundle("listed"));
        policy = open();
        assertThat(decide(bySubject("anna")).isPermitted()).isTrue();
        assertThat(decide(bySubject("zoë")).isPermitted()).isTrue();
        assertThat(decide(bySubject("berg")).reasons()).containsExactly("not_listed", "other");
    }

    @Test
    void takes_a_changed_policy_and_forgets_earlier_decisions() throws Exception {
        put("policy.wasm", WasmModules.healthdata());
        policy = open();
        var before = policy.digest();
        assertThat(permitted("authorized_medical_staff")).isTrue();
        put("policy.wasm", WasmModules.withStaffCalled(NURSE));
        await().atMost(LONG).until(() -> isReplaced(before));
        assertThat(policy.cached(by("authorized_medical_staff"))).isNull();
        assertThat(permitted("authorized_medical_staff")).isFalse();
        assertThat(permitted(NURSE)).isTrue();
    }

    @Test
    void takes_a_changed_policy_that_has_the_size_and_the_time_of_the_one_before() throws Exception {
        put("policy.wasm", WasmModules.healthdata());
        policy = open();
        var before = policy.digest();
        var time = Files.getLastModifiedTime(directory.resolve("policy.wasm"));
        Files.write(directory.resolve("policy.wasm"), WasmModules.withStaffCalled(NURSE));
        Files.setLastModifiedTime(directory.resolve("policy.wasm"), time);
        await().atMost(LONG).until(() -> isReplaced(before));
    }

    static Stream<Arguments> bad() throws IOException {
        var good = WasmModules.healthdata();
        var bundle = WasmModules.bundle("listed");
        return Stream.of(
                Arguments.of("garbage", "policy.wasm", "garbage".getBytes(StandardCharsets.UTF_8), "magic"),
                Arguments.of("nothing", "policy.wasm", new byte[0], "unexpected end"),
                Arguments.of("half a module", "policy.wasm", Arrays.copyOf(good, good.length / 2), ""),
                Arguments.of("most of a module", "policy.wasm", Arrays.copyOf(good, good.length - 1), ""),
                Arguments.of("no entrypoint", "policy.wasm", WasmModules.withoutTheEntrypoint(), "entrypoint"),
                Arguments.of("no end", "policy.wasm", WasmModules.ENDLESS, "not answered"),
                Arguments.of("too large", "policy.wasm", new byte[PolicyFile.MAX_FILE_BYTES + 1], "more than"),
                Arguments.of("open", "bundle.tar.gz", WasmModules.bundle("open"), "permits an empty question"),
                Arguments.of("a foreign function", "bundle.tar.gz", WasmModules.bundle("formatting"), "sprintf"),
                Arguments.of("half a bundle", "bundle.tar.gz", Arrays.copyOf(bundle, bundle.length / 2), ""),
                Arguments.of("no bundle", "bundle.tar.gz", good, ""),
                Arguments.of("no module", "bundle.tar.gz", tar("/data.json", "{}"), "no policy.wasm"),
                Arguments.of("no module at the root", "bundle.tar.gz", tar("../policy.wasm", "x"), "no policy.wasm"),
                Arguments.of("data elsewhere", "bundle.tar.gz", tar("/a/data.json", "{}"), "data elsewhere"),
                Arguments.of("much data", "bundle.tar.gz", tar("data.json", " ".repeat(1024 * 1024 + 1)), "more than"),
                Arguments.of("a bomb", "bundle.tar.gz", bomb(), "unpacks to more than"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bad")
    void does_not_start_with_a_bad_policy(String description, String name, byte[] bytes, String reason)
            throws Exception {
        put(name, bytes);
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining(reason);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bad")
    void keeps_the_policy_it_has_when_a_bad_one_comes(String description, String name, byte[] bytes, String reason)
            throws Exception {
        put("policy.wasm", WasmModules.healthdata());
        policy = open();
        var before = policy.digest();
        try (var log = new CapturedWarnings(PolicyDirectory.class)) {
            replaceBy(name, bytes);
            await().atMost(LONG).until(() -> log.any(reason.isEmpty() ? "is not taken" : reason));
        }
        assertThat(policy.digest()).isEqualTo(before);
        assertThat(permitted("authorized_medical_staff")).isTrue();
        assertThat(permitted(NURSE)).isFalse();

        replaceBy("policy.wasm", WasmModules.withStaffCalled(NURSE));
        await().atMost(LONG).until(() -> isReplaced(before));
        assertThat(permitted(NURSE)).isTrue();
    }

    @Test
    void permits_nothing_by_the_old_policy_while_a_new_one_is_tried() throws Exception {
        put("policy.wasm", WasmModules.healthdata());
        policy = open(Duration.ofMillis(50));
        var before = policy.digest();
        await().untilAsserted(
                        () -> assertThat(permitted("authorized_medical_staff")).isTrue());
        put("policy.wasm", WasmModules.ENDLESS);
        await().atMost(LONG).until(() -> policy.digest().equals(PolicyDirectory.UNDECIDED));
        assertThat(policy.cached(by("authorized_medical_staff"))).isNull();
        assertThatThrownBy(() -> permitted("authorized_medical_staff"))
                .hasCauseInstanceOf(PlaneException.Unavailable.class);
        await().atMost(LONG).until(() -> policy.digest().equals(before));
        assertThat(permitted("authorized_medical_staff")).isTrue();
    }

    @Test
    void decides_by_the_new_policy_what_was_asked_while_it_was_tried() throws Exception {
        put("policy.wasm", WasmModules.healthdata());
        policy = open();
        put("policy.wasm", WasmModules.withStaffCalled(NURSE));
        await().pollInterval(Duration.ofMillis(1))
                .atMost(LONG)
                .until(() -> policy.digest().equals(PolicyDirectory.UNDECIDED));
        assertThat(permitted("authorized_medical_staff")).isFalse();
        assertThat(permitted(NURSE)).isTrue();
    }

    @Test
    void keeps_the_policy_it_has_when_the_file_is_deleted() throws Exception {
        put("policy.wasm", WasmModules.healthdata());
        policy = open();
        try (var log = new CapturedWarnings(PolicyDirectory.class)) {
            Files.delete(directory.resolve("policy.wasm"));
            await().atMost(LONG).until(() -> log.any("neither policy.wasm nor bundle.tar.gz"));
        }
        assertThat(permitted("authorized_medical_staff")).isTrue();
    }

    @Test
    void does_not_start_without_a_policy_or_with_two() throws Exception {
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("neither");
        assertThatThrownBy(() -> new PolicyDirectory(directory.resolve("nowhere"), settings(), LONG, LONG))
                .isInstanceOf(IOException.class);
        put("policy.wasm", WasmModules.healthdata());
        put("bundle.tar.gz", WasmModules.bundle("listed"));
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("both");
    }

    @Test
    void decides_by_one_of_two_policies_while_they_change() throws Exception {
        var both = List.of(WasmModules.healthdata(), WasmModules.withStaffCalled(NURSE));
        put("policy.wasm", both.getFirst());
        policy = open();
        var staffDigest = policy.digest();
        var stop = new AtomicBoolean();
        try (var threads = Executors.newFixedThreadPool(2)) {
            Callable<Integer> decideUntilStopped = () -> {
                var count = 0;
                for (; !stop.get(); count++) {
                    var decision = decide(PolicyInputs.about("p-" + count % 50, true));
                    assertThat(decision.isError()).isFalse();
                    assertThat(decision.isPermitted())
                            .isEqualTo(decision.policyDigest().equals(staffDigest));
                }
                return count;
            };
            var counts = List.of(threads.submit(decideUntilStopped), threads.submit(decideUntilStopped));
            try {
                for (var i = 1; i <= 6; i++) {
                    var before = policy.digest();
                    put("policy.wasm", both.get(i % 2));
                    await().atMost(LONG).until(() -> isReplaced(before));
                }
            } finally {
                stop.set(true);
            }
            for (var count : counts) {
                assertThat(count.get()).isPositive();
            }
        }
    }

    @Test
    void is_opened_by_the_settings() throws Exception {
        put("policy.wasm", WasmModules.withStaffCalled(NURSE));
        try (var opened = Policies.open(settings())) {
            assertThat(opened).isInstanceOf(PolicyDirectory.class);
            assertThat(opened.decide(by(NURSE)).toCompletableFuture().join().isPermitted())
                    .isTrue();
        }
    }

    private PolicyDirectory open() throws IOException {
        return open(LONG);
    }

    private PolicyDirectory open(Duration decisionTimeout) throws IOException {
        return new PolicyDirectory(directory, settings(), Duration.ofSeconds(5), decisionTimeout);
    }

    private PolicySettings settings() {
        var defaults = PolicySettings.defaults();
        return new PolicySettings(
                PolicySettings.Engine.WASM,
                Optional.of(directory),
                Duration.ofMillis(5),
                2,
                defaults.maxCachedDecisions(),
                defaults.server(),
                defaults.serverTimeout(),
                defaults.serverDecisionTtl(),
                defaults.serverMaxFailures(),
                defaults.serverRetryDelay());
    }

    private boolean isReplaced(String before) {
        var digest = policy.digest();
        return !digest.equals(before) && !digest.equals(PolicyDirectory.UNDECIDED);
    }

    private boolean permitted(String role) {
        return decide(by(role)).isPermitted();
    }

    private PolicyDecision decide(PolicyInput input) {
        return policy.decide(input).toCompletableFuture().join();
    }

    private static PolicyInput by(String role) {
        return PolicyInputs.by(new User("anna", List.of(role), "", "", ""), "p-1", true);
    }

    private static PolicyInput bySubject(String subject) {
        return PolicyInputs.by(new User(subject, List.of(), "", "", ""), "p-1", true);
    }

    /** Replaces the file at once: written under another name, and moved. */
    private void put(String name, byte[] bytes) throws IOException {
        var aside = Files.write(directory.resolve("aside"), bytes);
        Files.move(aside, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Puts one file in place of the other. For a moment, both are there. */
    private void replaceBy(String name, byte[] bytes) throws IOException {
        put(name, bytes);
        Files.deleteIfExists(directory.resolve(name.equals("policy.wasm") ? "bundle.tar.gz" : "policy.wasm"));
    }

    private static byte[] tar(String name, String text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
            var entry = new TarArchiveEntry(name, true);
            entry.setSize(text.length());
            tar.putArchiveEntry(entry);
            tar.write(text.getBytes(StandardCharsets.UTF_8));
            tar.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }

    private static byte[] bomb() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(new GZIPOutputStream(bytes))) {
            var entry = new TarArchiveEntry("filler");
            entry.setSize(PolicyFile.MAX_UNPACKED_BYTES);
            tar.putArchiveEntry(entry);
            var zeros = new byte[1024 * 1024];
            for (var written = 0; written < PolicyFile.MAX_UNPACKED_BYTES; written += zeros.length) {
                tar.write(zeros);
            }
            tar.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }
}
