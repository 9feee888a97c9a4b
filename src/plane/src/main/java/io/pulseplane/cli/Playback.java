package io.pulseplane.cli;

import io.pulseplane.cli.recording.Recording;
import io.pulseplane.cli.recording.Recording.Row;
import io.pulseplane.client.BatchBuilder;
import io.pulseplane.client.DeviceStreams;
import io.pulseplane.vitals.EpochMicros;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;

/** Sends the rows of a recording in batches, when it is time. */
final class Playback {

    /** Bound on batches that are being filled, one for each device and patient. Beyond it the oldest batch is sent. */
    private static final int MAX_OPEN_BATCHES = 10_000;

    /** The user hears of every wait that is longer. */
    private static final Duration NOTABLE_WAIT = Duration.ofSeconds(30);

    /**
     * How fast to play back.
     *
     * @param speed recorded seconds for each second; infinite for no wait at all
     * @param maxWait the longest wait for one reading
     */
    record Pace(double speed, Duration maxWait) {}

    /** A reading is due so late that it is probably a mistake. */
    static final class LongWaitException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        LongWaitException(String message) {
            super(message);
        }
    }

    private final DeviceStreams streams;
    private final Optional<DeviceAssigner> assigner;
    private final Optional<RejectedLines> rejectedLines;
    private final int batchSize;
    private final Duration maxWait;
    private final PlaybackPacer pacer;
    private final Consumer<String> onNotice;
    private final SequencedMap<String, BatchBuilder> open = new LinkedHashMap<>();
    private long sequence = EpochMicros.now();

    /** @param onNotice gets a line for the user before a long wait */
    Playback(
            DeviceStreams streams,
            Optional<DeviceAssigner> assigner,
            Optional<RejectedLines> rejectedLines,
            int batchSize,
            Pace pace,
            Consumer<String> onNotice) {
        this.streams = streams;
        this.assigner = assigner;
        this.rejectedLines = rejectedLines;
        this.batchSize = batchSize;
        this.maxWait = pace.maxWait;
        this.pacer = new PlaybackPacer(pace.speed);
        this.onNotice = onNotice;
    }

    /**
     * Sends all rows. If reading fails, it sends the rows before the failure.
     *
     * @throws LongWaitException if a row is due later than the longest wait; the rows before it are sent
     */
    void run(Recording recording) throws IOException, InterruptedException {
        try {
            for (var row = recording.next(); row != null; row = recording.next()) {
                if (pacer.mustWaitFor(row.time())) {
                    sendAll();
                    waitFor(row);
                }
                add(row);
            }
        } catch (IOException | LongWaitException e) {
            finish();
            throw e;
        }
        finish();
    }

    private void finish() throws InterruptedException {
        sendAll();
        streams.finish();
    }

    private void waitFor(Row row) throws InterruptedException {
        var wait = pacer.timeUntil(row.time());
        if (wait.compareTo(maxWait) > 0) {
            throw new LongWaitException("line " + row.line() + " was measured at " + Times.format(row.time())
                    + " and would be sent in " + words(wait) + "; this line and those behind it are not sent. "
                    + "--max-wait allows longer waits, --speed shortens them");
        }
        if (wait.compareTo(NOTABLE_WAIT) > 0) {
            onNotice.accept(
                    "waits " + words(wait) + " for line " + row.line() + ", measured at " + Times.format(row.time()));
        }
        pacer.waitFor(row.time());
    }

    /** The two largest units, such as {@code 20543 days 4 h} or {@code 5 min 20 s}. */
    private static String words(Duration wait) {
        if (wait.toDays() > 0) {
            return wait.toDays() + " days " + wait.toHoursPart() + " h";
        }
        return wait.toHours() > 0
                ? wait.toHours() + " h " + wait.toMinutesPart() + " min"
                : wait.toMinutes() + " min " + wait.toSecondsPart() + " s";
    }

    private void add(Row row) throws InterruptedException {
        assigner.ifPresent(registry -> registry.assign(row.device(), row.patient(), row.time()));
        var key = row.device() + "\n" + row.patient();
        var batch = open.get(key);
        if (batch == null) {
            if (open.size() >= MAX_OPEN_BATCHES) {
                var oldest = open.pollFirstEntry();
                send(oldest.getKey(), oldest.getValue());
            }
            batch = new BatchBuilder(row.device(), row.patient());
            open.put(key, batch);
        }
        // Readings of one time stay together: the plane compares pressures within a batch.
        boolean isFull = batch.size() >= batchSize && row.time() != batch.lastTime();
        if (isFull || !batch.accepts(row.code(), row.unit())) {
            send(key, batch);
        }
        batch.add(row.time(), row.code(), row.value(), row.unit());
        rejectedLines.ifPresent(lines -> lines.add(key, row.code(), row.line()));
    }

    private void sendAll() throws InterruptedException {
        for (var entry : open.entrySet()) {
            send(entry.getKey(), entry.getValue());
        }
    }

    private void send(String key, BatchBuilder builder) throws InterruptedException {
        if (builder.size() == 0) {
            return;
        }
        var batch = builder.build(sequence++);
        rejectedLines.ifPresent(lines -> lines.send(key, batch));
        streams.send(batch);
    }
}
