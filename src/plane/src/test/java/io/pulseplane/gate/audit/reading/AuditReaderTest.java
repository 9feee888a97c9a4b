package io.pulseplane.gate.audit.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.RecordLine;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.AuditSettings.Mode;
import io.pulseplane.gate.audit.writing.TrailFixture;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The reader gives the records that match the filter, and no others, in the filter's order. */
class AuditReaderTest {

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(20261205);

    private List<AuditRecord> writeRandomRecords(int count, int segmentBytes, Mode mode) {
        var records = IntStream.range(0, count)
                .mapToObj(i -> TrailFixture.record(
                        TrailFixture.NOW + random.nextInt(1_000),
                        "nurse-" + random.nextInt(3),
                        random.nextBoolean() ? "query" : "export",
                        "patient-" + random.nextInt(4),
                        random.nextBoolean() ? Decision.PERMITTED : Decision.REFUSED))
                .toList();
        var settings = TrailFixture.settings(
                mode, directory, new AuditSettings.Segments(segmentBytes, TrailFixture.NEVER, TrailFixture.NEVER));
        try (var trail = TrailFixture.open(settings)) {
            records.stream().map(trail::append).toList().forEach(TrailFixture::await);
        }
        return records;
    }

    private AuditFilter randomFilter() {
        long from = TrailFixture.NOW + random.nextInt(-100, 1_000);
        return new AuditFilter(
                random.nextBoolean() ? TimeRange.ALL : new TimeRange(from, from + random.nextInt(600)),
                sometimes("nurse-", 4),
                random.nextInt(3) == 0 ? Optional.of("query") : Optional.empty(),
                sometimes("patient-", 5),
                random.nextInt(3) == 0 ? Optional.of(Decision.REFUSED) : Optional.empty(),
                random.nextBoolean() ? Order.OLDEST_FIRST : Order.NEWEST_FIRST,
                1 + random.nextInt(400));
    }

    private Optional<String> sometimes(String prefix, int bound) {
        return random.nextInt(3) == 0 ? Optional.of(prefix + random.nextInt(bound)) : Optional.empty();
    }

    private static List<AuditEntry> referenceRead(List<AuditRecord> records, AuditFilter filter) {
        var entries = new ArrayList<AuditEntry>();
        for (int i = 0; i < records.size(); i++) {
            var record = records.get(i);
            if (filter.times().contains(record.timeUs())
                    && filter.subject().map(record.subject()::equals).orElse(true)
                    && filter.action().map(record.action()::equals).orElse(true)
                    && filter.patient().map(record.patient()::equals).orElse(true)
                    && filter.decision().map(record.decision()::equals).orElse(true)) {
                entries.add(new AuditEntry(i + 1, record, true));
            }
        }
        var ordered = filter.order() == Order.OLDEST_FIRST ? entries : entries.reversed();
        return ordered.stream().limit(filter.limit()).toList();
    }

    @Test
    void gives_the_same_records_as_a_reference_implementation() {
        var records = writeRandomRecords(500, 10_000, Mode.SYNC);
        for (int round = 0; round < 300; round++) {
            var filter = randomFilter();
            assertThat(TrailFixture.read(directory, filter)).isEqualTo(referenceRead(records, filter));
        }
    }

    @ParameterizedTest
    @EnumSource
    void reads_large_groups_in_many_segments(Order order) {
        var records = writeRandomRecords(30_000, 1 << 20, Mode.ASYNC);
        var filter = AuditFilter.all(order);
        assertThat(TrailFixture.read(directory, filter)).isEqualTo(referenceRead(records, filter));
    }

    @ParameterizedTest
    @EnumSource
    void finds_nothing_in_an_empty_trail(Order order) {
        TrailFixture.open(TrailFixture.settings(Mode.SYNC, directory)).close();
        assertThat(TrailFixture.read(directory, AuditFilter.all(order))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void leaves_out_an_incomplete_group(Order order) throws IOException {
        TrailFixture.write(TrailFixture.settings(Mode.SYNC, directory.resolve("live")), 3);
        var complete = directory.resolve("live").resolve("audit-00000000000000000001.log");
        var text = TrailFixture.text(complete);
        int lastGroup = text.indexOf("{\"n\":3");
        int seal = text.indexOf("{\"seal\":");
        var torn = directory.resolve("torn").resolve(complete.getFileName());
        Files.createDirectories(torn.getParent());
        for (int length = lastGroup; length < seal; length += 7) {
            Files.writeString(torn, text.substring(0, length));
            assertThat(TrailFixture.read(torn.getParent(), AuditFilter.all(order)))
                    .extracting(AuditEntry::number)
                    .containsExactlyInAnyOrder(1L, 2L);
        }
        for (int length = 0; length < text.indexOf("{\"n\":2"); length += 7) {
            Files.writeString(torn, text.substring(0, length));
            assertThat(TrailFixture.read(torn.getParent(), AuditFilter.all(order)))
                    .hasSizeLessThan(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void reads_a_trail_that_is_being_written(Order order) {
        var stop = new AtomicBoolean();
        var settings = TrailFixture.settingsWithSegmentBytes(20_000, directory);
        try (var trail = TrailFixture.open(settings)) {
            TrailFixture.append(trail, 0, 1);
            var writer = CompletableFuture.runAsync(() -> {
                for (int i = 1; !stop.get(); i++) {
                    TrailFixture.await(trail.append(TrailFixture.record(i)));
                }
            });
            int previousCount = 0;
            for (int round = 0; round < 50; round++) {
                var numbers = TrailFixture.read(directory, AuditFilter.all(order)).stream()
                        .map(AuditEntry::number)
                        .sorted()
                        .toList();
                assertThat(numbers)
                        .isEqualTo(Stream.iterate(1L, n -> n + 1)
                                .limit(numbers.size())
                                .toList())
                        .hasSizeGreaterThanOrEqualTo(previousCount);
                previousCount = numbers.size();
            }
            stop.set(true);
            writer.join();
        }
    }

    @Test
    void gives_records_with_their_lines_in_the_trail() {
        TrailFixture.write(TrailFixture.settings(Mode.SYNC, directory), 3);
        var lines = TrailFixture.lines(TrailFixture.segments(directory).getFirst()).stream()
                .filter(line -> line.startsWith("{\"n\":"))
                .toList();
        assertThat(TrailFixture.read(directory, AuditFilter.all(Order.OLDEST_FIRST)))
                .extracting(entry -> RecordLine.text(entry.number(), entry.record()))
                .isEqualTo(lines);
    }

    @ParameterizedTest
    @EnumSource
    void fails_at_a_damaged_record(Order order) throws IOException {
        TrailFixture.write(TrailFixture.settings(Mode.SYNC, directory), 3);
        var segment = TrailFixture.segments(directory).getFirst();
        Files.writeString(
                segment, TrailFixture.text(segment).replace("\"decision\":\"permitted\"", "\"decision\":\"maybe\""));
        assertThatThrownBy(() -> TrailFixture.read(directory, AuditFilter.all(order)))
                .isInstanceOf(PlaneException.DataLoss.class);
    }

    @Test
    void does_not_search_the_whole_segment_for_the_last_group() throws IOException {
        TrailFixture.write(TrailFixture.settings(Mode.SYNC, directory), 3);
        Files.writeString(TrailFixture.segments(directory).getFirst(), "x".repeat(4 << 20), StandardOpenOption.APPEND);
        assertThatThrownBy(() -> TrailFixture.read(directory, AuditFilter.all(Order.NEWEST_FIRST)))
                .isInstanceOf(PlaneException.DataLoss.class);
    }

    @Test
    void fails_if_there_is_no_trail() {
        assertThatThrownBy(() -> AuditReader.open(directory.resolve("none"), AuditFilter.all(Order.OLDEST_FIRST)))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void can_be_closed_in_the_middle() {
        TrailFixture.write(TrailFixture.settingsWithSegmentBytes(1_000, directory), 10);
        var reader = AuditReader.open(directory, AuditFilter.all(Order.OLDEST_FIRST));
        assertThat(reader.next()).get().extracting(AuditEntry::number).isEqualTo(1L);
        reader.close();
        reader.close();
    }
}
