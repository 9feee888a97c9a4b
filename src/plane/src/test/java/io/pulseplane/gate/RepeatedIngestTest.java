package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.reading.AuditReader;
import io.pulseplane.gate.audit.writing.AuditEvents;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.vitals.Order;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepeatedIngestTest {

    private static final String PUT = "pulseplane.v1.IngestService/PutReadings";
    private static final long NEVER = Duration.ofDays(1).toMillis();
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private AuditTrail trail;
    private long time;

    @BeforeEach
    void open() {
        trail = AuditTrail.open(
                AuditSettings.of(AuditSettings.Mode.SYNC, directory.resolve("audit"), "test"),
                () -> time,
                new AuditEvents() {});
    }

    @AfterEach
    void close() {
        trail.close();
    }

    private AuditRecord record(String rpc, String device, Decision decision, String reason) {
        time++;
        var peer = "192.0.2.1:" + (50_000 + time);
        return new AuditRecord(
                time,
                "m1",
                "device",
                "local",
                "ingest",
                rpc,
                "ada",
                device,
                List.of(),
                decision,
                reason,
                "sha256:1",
                peer,
                "request-" + time);
    }

    private AuditRecord refusal(String device, String reason) {
        return record(RepeatedIngest.STREAM, device, Decision.REFUSED, reason);
    }

    private static void await(CompletionStage<Void> stage) {
        assertThat(stage.toCompletableFuture()).succeedsWithin(TIMEOUT);
    }

    private List<String> written() {
        try (var reader = AuditReader.open(directory.resolve("audit"), AuditFilter.all(Order.OLDEST_FIRST))) {
            var records = new ArrayList<String>();
            for (var entry = reader.next(); entry.isPresent(); entry = reader.next()) {
                var record = entry.get().record();
                records.add(record.timeUs() + " " + record.device() + " " + record.reason());
            }
            return records;
        }
    }

    @Test
    void writes_the_first_refusal_at_once_and_the_same_again_as_a_count() {
        var ingest = new RepeatedIngest(trail, NEVER);
        for (int i = 0; i < 1_000; i++) {
            await(ingest.append(refusal("m1", "device")));
        }
        assertThat(written()).containsExactly("1 m1 device");
        ingest.close();
        trail.close();
        assertThat(written()).containsExactly("1 m1 device", "1000 m1 device (999 more within a minute)");
    }

    @Test
    void writes_the_count_when_the_minute_ends_and_then_begins_anew() {
        try (var ingest = new RepeatedIngest(trail, 200)) {
            await(ingest.append(refusal("m1", "device")));
            await(ingest.append(refusal("m1", "device")));
            Awaitility.await().atMost(TIMEOUT).until(() -> written().size() == 2);
            await(ingest.append(refusal("m1", "device")));
            assertThat(written()).containsExactly("1 m1 device", "2 m1 device (1 more within a minute)", "3 m1 device");
        }
    }

    @Test
    void writes_no_count_of_what_happened_once() {
        var ingest = new RepeatedIngest(trail, NEVER);
        await(ingest.append(refusal("m1", "device")));
        ingest.close();
        trail.close();
        assertThat(written()).containsExactly("1 m1 device");
    }

    @Test
    void tells_devices_and_reasons_apart() {
        try (var ingest = new RepeatedIngest(trail, NEVER)) {
            await(ingest.append(refusal("m1", "device")));
            await(ingest.append(refusal("m2", "device")));
            await(ingest.append(refusal("m1", "role")));
            assertThat(written()).containsExactly("1 m1 device", "2 m2 device", "3 m1 role");
        }
    }

    @Test
    void counts_permitted_streams_but_writes_every_permitted_batch() {
        try (var ingest = new RepeatedIngest(trail, NEVER)) {
            await(ingest.append(record(RepeatedIngest.STREAM, "m1", Decision.PERMITTED, "")));
            await(ingest.append(record(RepeatedIngest.STREAM, "m1", Decision.PERMITTED, "")));
            await(ingest.append(record(PUT, "m1", Decision.PERMITTED, "")));
            await(ingest.append(record(PUT, "m1", Decision.PERMITTED, "")));
            assertThat(written()).containsExactly("1 m1 ", "3 m1 ", "4 m1 ");
        }
    }

    @Test
    void writes_every_record_beyond_its_bound() {
        try (var ingest = new RepeatedIngest(trail, NEVER)) {
            for (int i = 0; i < RepeatedIngest.MAX_KINDS; i++) {
                var _ = ingest.append(refusal("m" + i, "device"));
            }
            await(ingest.append(refusal("other", "device")));
            await(ingest.append(refusal("other", "device")));
            await(ingest.append(refusal("m0", "device")));
            assertThat(written()).hasSize(RepeatedIngest.MAX_KINDS + 2);
        }
    }

    @Test
    void permits_nothing_on_an_earlier_record_once_the_trail_takes_none() {
        try (var ingest = new RepeatedIngest(trail, NEVER)) {
            await(ingest.append(record(RepeatedIngest.STREAM, "m1", Decision.PERMITTED, "")));
            trail.close();
            assertThat(ingest.append(record(RepeatedIngest.STREAM, "m1", Decision.PERMITTED, ""))
                            .toCompletableFuture())
                    .failsWithin(TIMEOUT);
        }
    }

    @Test
    void permits_nothing_whose_record_the_trail_does_not_keep() {
        try (var ingest = new RepeatedIngest(trail, NEVER)) {
            trail.close();
            for (int i = 0; i < 2; i++) {
                assertThat(ingest.append(record(RepeatedIngest.STREAM, "m1", Decision.PERMITTED, ""))
                                .toCompletableFuture())
                        .failsWithin(TIMEOUT);
            }
        }
    }
}
