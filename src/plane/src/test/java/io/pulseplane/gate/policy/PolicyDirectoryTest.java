package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pulseplane.gate.policy.PolicyInput.User;
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
        assertThat(decide(asking("anna")).isPermitted()).isTrue();
        assertThat(decide(asking("zoë")).isPermitted()).isTrue();
        assertThat(decide(asking("berg")).reasons()).containsExactly("not_listed", "other");
    }

    @Test
    void takes_a_changed_policy_and_forgets_what_the_one_before_said() throws Exception {
        put("policy.wasm", WasmModules.healthdata());
        policy = open();
        var before = policy.digest();
        assertThat(permitted("authorized_medical_staff")).isTrue();
        put("policy.wasm", WasmModules.withStaffCalled(NURSE));
        await().atMost(LONG).until(() -> !policy.digest().equals(before));
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
        await().atMost(LONG).until(() -> !policy.digest().equals(before));
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
    void does_not_start_with_a_bad_policy(String what, String name, byte[] bytes, String why) throws Exception {
        put(name, bytes);
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining(why);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bad")
    void keeps_the_policy_it_has_when_a_bad_one_comes(String what, String name, byte[] bytes, String why)
            throws Exception {
        put("policy.wasm", WasmModules.healthdata());
        policy = open();
        var before = policy.digest();
        try (var log = new CapturedWarnings(PolicyDirectory.class)) {
            replaceBy(name, bytes);
            await().atMost(LONG).until(() -> log.any(why.isEmpty() ? "is not taken" : why));
        }
        assertThat(policy.digest()).isEqualTo(before);
        assertThat(permitted("authorized_medical_staff")).isTrue();
        assertThat(permitted(NURSE)).isFalse();

        replaceBy("policy.wasm", WasmModules.withStaffCalled(NURSE));
        await().atMost(LONG).until(() -> !policy.digest().equals(before));
        assertThat(permitted(NURSE)).isTrue();
    }

    @Test
    void keeps_the_policy_it_has_when_there_is_none_any_more() throws Exception {
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
        assertThatThrownBy(() -> new PolicyDirectory(directory.resolve("nowhere"), settings(), LONG))
                .isInstanceOf(IOException.class);
        put("policy.wasm", WasmModules.healthdata());
        put("bundle.tar.gz", WasmModules.bundle("listed"));
        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("both");
    }

    @Test
    void decisions_while_it_changes_are_of_the_one_policy_or_of_the_other() throws Exception {
        var both = List.of(WasmModules.healthdata(), WasmModules.withStaffCalled(NURSE));
        put("policy.wasm", both.getFirst());
        policy = open();
        var staffs = policy.digest();
        var stop = new AtomicBoolean();
        try (var threads = Executors.newFixedThreadPool(2)) {
            Callable<Integer> asking = () -> {
                var asked = 0;
                for (; !stop.get(); asked++) {
                    var verdict = decide(PolicyInputs.about("p-" + asked % 50, true));
                    assertThat(verdict.isError()).isFalse();
                    assertThat(verdict.isPermitted())
                            .isEqualTo(verdict.policyDigest().equals(staffs));
                }
                return asked;
            };
            var askers = List.of(threads.submit(asking), threads.submit(asking));
            try {
                for (var i = 1; i <= 6; i++) {
                    var before = policy.digest();
                    put("policy.wasm", both.get(i % 2));
                    await().atMost(LONG).until(() -> !policy.digest().equals(before));
                }
            } finally {
                stop.set(true);
            }
            for (var asker : askers) {
                assertThat(asker.get()).isPositive();
            }
        }
    }

    @Test
    void is_what_the_settings_ask_for() throws Exception {
        put("policy.wasm", WasmModules.withStaffCalled(NURSE));
        try (var opened = Policies.open(settings())) {
            assertThat(opened).isInstanceOf(PolicyDirectory.class);
            assertThat(opened.decide(by(NURSE)).toCompletableFuture().join().isPermitted())
                    .isTrue();
        }
    }

    private PolicyDirectory open() throws IOException {
        return new PolicyDirectory(directory, settings(), Duration.ofSeconds(5));
    }

    private PolicySettings settings() {
        var usual = PolicySettings.defaults();
        return new PolicySettings(
                PolicySettings.Engine.WASM,
                Optional.of(directory),
                Duration.ofMillis(5),
                2,
                usual.maxCachedDecisions(),
                usual.server(),
                usual.serverTimeout(),
                usual.serverDecisionTtl(),
                usual.serverMaxFailures(),
                usual.serverRetryDelay());
    }

    private boolean permitted(String role) {
        return decide(by(role)).isPermitted();
    }

    private PolicyDecision decide(PolicyInput asked) {
        return policy.decide(asked).toCompletableFuture().join();
    }

    private static PolicyInput by(String role) {
        return PolicyInputs.by(new User("anna", List.of(role), "", "", ""), "p-1", true);
    }

    private static PolicyInput asking(String subject) {
        return PolicyInputs.by(new User(subject, List.of(), "", "", ""), "p-1", true);
    }

    /** As a careful operator does: written aside, and moved. */
    private void put(String name, byte[] bytes) throws IOException {
        var aside = Files.write(directory.resolve("aside"), bytes);
        Files.move(aside, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** One file in place of the other; in between there may be both, or none. */
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
