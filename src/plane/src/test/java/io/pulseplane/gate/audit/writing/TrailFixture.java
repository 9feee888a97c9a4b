package io.pulseplane.gate.audit.writing;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.files.PrivateFiles;
import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.reading.AuditReader;
import io.pulseplane.gate.audit.verifying.AuditVerifier;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.vitals.Order;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Opens, writes and reads small audit trails for tests, with a clock that stands still. */
public final class TrailFixture {

    public static final long NOW = 1_790_000_000_000_000L;
    public static final Duration NEVER = Duration.ofDays(36_500);

    private TrailFixture() {}

    public static AuditRecord record(long number) {
        return record(NOW + number, "nurse-" + number % 7, "query", "ada-" + number % 5, Decision.PERMITTED);
    }

    public static AuditRecord record(long timeUs, String subject, String action, String patient, Decision decision) {
        return new AuditRecord(
                timeUs,
                subject,
                "authorized_medical_staff",
                "clinic",
                action,
                "pulseplane.v1.QueryService/GetLatest",
                patient,
                "",
                List.of(ReadingFixtures.HEART_RATE, ReadingFixtures.OXYGEN_SATURATION),
                decision,
                "",
                "3f2a",
                "10.1.2.3",
                "request-" + timeUs);
    }

    public static AuditSettings settings(AuditSettings.Mode mode, Path directory) {
        return settings(mode, directory, new AuditSettings.Segments(1 << 20, NEVER, NEVER));
    }

    public static AuditSettings settings(AuditSettings.Mode mode, Path directory, AuditSettings.Segments segments) {
        return new AuditSettings(
                mode,
                directory,
                Access.OWNER,
                new SigningKey.Source.InDirectory(),
                "edge-1",
                Duration.ofMillis(1),
                AuditSettings.Queue.DEFAULT,
                segments);
    }

    public static AuditSettings settingsWithSegmentBytes(int bytes, Path directory) {
        return settings(AuditSettings.Mode.SYNC, directory, new AuditSettings.Segments(bytes, NEVER, NEVER));
    }

    public static AuditTrail open(AuditSettings settings) {
        return AuditTrail.open(settings, new AtomicLong(NOW)::get, AuditEvents.NONE);
    }

    /** Writes records, each in its own group, and closes the trail. */
    public static void write(AuditSettings settings, int records) {
        try (var trail = open(settings)) {
            append(trail, 0, records);
        }
    }

    public static void append(AuditTrail trail, int from, int to) {
        for (int i = from; i < to; i++) {
            await(trail.append(record(i)));
        }
    }

    public static void await(CompletionStage<Void> stage) {
        try {
            stage.toCompletableFuture()
                    .orTimeout(ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                    .join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    public static PublicKey key(Path directory) {
        return SigningKey.readPublic(directory.resolve("node.pub"));
    }

    public static VerificationResult verify(Path directory) {
        return AuditVerifier.verify(directory, key(directory));
    }

    public static List<AuditEntry> read(Path directory, AuditFilter filter) {
        try (var reader = AuditReader.open(directory, filter)) {
            var entries = new ArrayList<AuditEntry>();
            for (var entry = reader.next(); entry.isPresent(); entry = reader.next()) {
                entries.add(entry.get());
            }
            return entries;
        }
    }

    public static List<AuditRecord> records(Path directory) {
        return read(directory, AuditFilter.all(Order.OLDEST_FIRST)).stream()
                .map(AuditEntry::record)
                .toList();
    }

    public static List<Path> segments(Path directory) {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("audit-"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static List<String> lines(Path segment) {
        return text(segment).lines().toList();
    }

    public static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Copies a trail as a crash leaves it: the head is copied first, so it is not newer than the segments. */
    public static void copy(Path from, Path to) throws IOException {
        PrivateFiles.createDirectories(to);
        for (var name : List.of("node.key", "node.pub", "head", "retired")) {
            copyFile(from.resolve(name), to);
        }
        for (var segment : segments(from)) {
            copyFile(segment, to);
        }
    }

    private static void copyFile(Path file, Path to) throws IOException {
        if (Files.exists(file)) {
            Files.copy(
                    file,
                    to.resolve(file.getFileName()),
                    StandardCopyOption.COPY_ATTRIBUTES,
                    StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
