package io.pulseplane.cli;

import io.grpc.Channel;
import io.pulseplane.client.BatchBuilder;
import io.pulseplane.client.DeviceStreams;
import io.pulseplane.client.ReadingsStream;
import io.pulseplane.vitals.EpochMicros;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Streams a recording into a plane. */
@Command(
        name = "replay",
        description = {
            "Stream a recording into the plane.",
            "",
            "The file is CSV with a header that names measured_at (ISO 8601), device_id, patient_id, code, value and "
                    + "unit, in any order; other columns are ignored. Batches are numbered by the current time, so a "
                    + "recording can be replayed again: the plane recognises the readings that it has."
        })
final class ReplayCommand implements Callable<Integer> {

    /** Bound on batches that are being filled, one for each device and patient. Beyond it the oldest batch is sent. */
    private static final int MAX_OPEN_BATCHES = 10_000;

    private static final int MAX_UNACKNOWLEDGED = 64;

    @Mixin
    private ConnectionOptions plane;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE.csv", description = "The recording.")
    private Path file;

    @Option(
            names = "--speed",
            paramLabel = "N",
            defaultValue = "1",
            converter = SpeedConverter.class,
            description = "How many times faster than recorded, or max. Default: ${DEFAULT-VALUE}")
    private double speed;

    @Option(
            names = "--batch",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Send a batch when it has this many readings, at the latest. Default: ${DEFAULT-VALUE}")
    private int batchSize;

    @Option(
            names = "--patience",
            paramLabel = "DURATION",
            defaultValue = "30s",
            converter = Times.DurationConverter.class,
            description = "How long to try again when no plane answers. Default: ${DEFAULT-VALUE}")
    private Duration retryTimeout;

    private final SequencedMap<String, BatchBuilder> open = new LinkedHashMap<>();
    private long sequence = EpochMicros.now();

    static final class SpeedConverter implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            try {
                double speed = text.equals("max") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
                if (speed > 0) {
                    return speed;
                }
            } catch (NumberFormatException _) {
                // Reported below.
            }
            throw new TypeConversionException("'" + text + "' is not a speed such as 1, 60 or max");
        }
    }

    @Override
    public Integer call() throws Exception {
        if (batchSize < 1) {
            throw new ParameterException(spec.commandLine(), "--batch must be 1 or more");
        }
        if (!Files.isReadable(file)) {
            throw new ParameterException(spec.commandLine(), "there is no readable file at " + file);
        }
        return plane.asDevices(this::replay);
    }

    private int replay(Function<String, Channel> channels) throws IOException, InterruptedException {
        var out = spec.commandLine().getOut();
        var err = spec.commandLine().getErr();
        var summary = new IngestSummary(plane.json() ? response -> out.println(Json.line(response)) : _ -> {});
        var stream = new DeviceStreams(
                device -> new ReadingsStream(channels.apply(device), MAX_UNACKNOWLEDGED, retryTimeout, summary));
        try (var progress = new Progress(err, summary::progress);
                var recording = Recording.open(file)) {
            var pacer = new PlaybackPacer(speed);
            for (var row = recording.next(); row != null; row = recording.next()) {
                if (pacer.mustWaitFor(row.time())) {
                    sendAll(stream);
                    pacer.waitFor(row.time());
                }
                add(stream, row);
            }
            sendAll(stream);
            stream.finish();
            if (recording.skippedLines() > 0) {
                progress.end();
                err.println(recording.skippedLines() + " lines could not be read and were left out; the first is "
                        + recording.firstError());
            }
        } catch (Recording.InvalidRecordingException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
        out.flush();
        summary.print(plane.json() ? err : out);
        return summary.hasNoRefusals() ? 0 : 1;
    }

    private void add(DeviceStreams stream, Recording.Row row) throws InterruptedException {
        var key = row.device() + "\n" + row.patient();
        var batch = open.get(key);
        if (batch == null) {
            if (open.size() >= MAX_OPEN_BATCHES) {
                send(stream, open.pollFirstEntry().getValue());
            }
            batch = new BatchBuilder(row.device(), row.patient());
            open.put(key, batch);
        }
        // Readings of one time stay together: the plane compares pressures within a batch.
        boolean isFull = batch.size() >= batchSize && row.time() != batch.lastTime();
        if (isFull || !batch.accepts(row.code(), row.unit())) {
            send(stream, batch);
        }
        batch.add(row.time(), row.code(), row.value(), row.unit());
    }

    private void sendAll(DeviceStreams stream) throws InterruptedException {
        for (var batch : open.values()) {
            send(stream, batch);
        }
    }

    private void send(DeviceStreams stream, BatchBuilder batch) throws InterruptedException {
        if (batch.size() > 0) {
            stream.send(batch.build(sequence++));
        }
    }
}
