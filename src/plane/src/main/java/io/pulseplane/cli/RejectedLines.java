package io.pulseplane.cli;

import io.grpc.Status;
import io.pulseplane.cli.recording.Rejects;
import io.pulseplane.client.ColumnMessages;
import io.pulseplane.client.ReadingsStream;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.RefusedBatch;
import io.pulseplane.v1.StreamReadingsResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Writes the readings that the plane did not take into a file of rejects, with the numbers of their lines. For every
 * reading of a batch that has no answer yet it keeps one number.
 */
final class RejectedLines implements ReadingsStream.Listener {

    private record BatchKey(String device, long sequence) {}

    /** @param lines the numbers of the lines by code, in the order of the batch's columns */
    private record SentBatch(Batch batch, Map<String, long[]> lines) {}

    private final Rejects rejects;
    private final ReadingsStream.Listener next;

    /** The lines of batches that are being filled, by batch and code. Only the thread that sends uses them. */
    private final Map<String, Map<String, LongStream.Builder>> open = new HashMap<>();

    private final Map<BatchKey, SentBatch> unanswered = new ConcurrentHashMap<>();

    /** @param next gets every event, too */
    RejectedLines(Rejects rejects, ReadingsStream.Listener next) {
        this.rejects = rejects;
        this.next = next;
    }

    /** @param batchKey names the batch that the reading was added to */
    void add(String batchKey, String code, long line) {
        open.computeIfAbsent(batchKey, _ -> new HashMap<>())
                .computeIfAbsent(code, _ -> LongStream.builder())
                .add(line);
    }

    void send(String batchKey, Batch batch) {
        var lines = open.remove(batchKey).entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().build().toArray()));
        unanswered.put(new BatchKey(batch.getDeviceId(), batch.getSequence()), new SentBatch(batch, lines));
    }

    @Override
    public void acknowledged(Acknowledgement acknowledgement, long nanosSinceSent) {
        next.acknowledged(acknowledgement, nanosSinceSent);
        var sent = unanswered.remove(new BatchKey(acknowledgement.getDeviceId(), acknowledgement.getSequence()));
        if (sent == null) {
            return;
        }
        for (var rejection : acknowledgement.getRejectionsList()) {
            for (var columns : sent.batch.getColumnsList()) {
                if (columns.getCode().equals(rejection.getCode())) {
                    var indexes = rejection.getIndexesList().stream()
                            .mapToInt(Integer::intValue)
                            .toArray();
                    write(sent, columns, indexes, IngestSummary.label(rejection.getReason()));
                }
            }
        }
    }

    @Override
    public void refused(RefusedBatch batch, int readings) {
        next.refused(batch, readings);
        var sent = unanswered.remove(new BatchKey(batch.getDeviceId(), batch.getSequence()));
        if (sent == null) {
            return;
        }
        for (var columns : sent.batch.getColumnsList()) {
            var indexes = LongStream.range(0, columns.getValuesCount())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            write(sent, columns, indexes, "refused: " + batch.getError().getMessage());
        }
    }

    private void write(SentBatch sent, Columns columns, int[] indexes, String reason) {
        var lines = sent.lines.get(columns.getCode());
        var times = ColumnMessages.times(columns);
        for (int index : indexes) {
            var text = Stream.of(
                            Times.format(times[index]),
                            sent.batch.getDeviceId(),
                            sent.batch.getPatientId(),
                            columns.getCode(),
                            Double.toString(columns.getValues(index)),
                            columns.getUnit())
                    .map(RejectedLines::field)
                    .collect(Collectors.joining(","));
            rejects.add(lines[index], 1, reason, text);
        }
    }

    private static String field(String text) {
        return text.indexOf(',') >= 0 || text.indexOf('"') >= 0 ? "\"" + text.replace("\"", "\"\"") + "\"" : text;
    }

    @Override
    public void sent(int readings) {
        next.sent(readings);
    }

    @Override
    public void response(StreamReadingsResponse response) {
        next.response(response);
    }

    @Override
    public void waiting(Duration delay, boolean asked, Status failure) {
        next.waiting(delay, asked, failure);
    }
}
