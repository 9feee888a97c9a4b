package io.pulseplane.cli;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.pulseplane.client.DeviceStreams;
import io.pulseplane.client.ReadingsStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Streams a recording into a plane. */
@Command(
        name = "replay",
        description = {
            "Stream a recording into the plane.",
            "",
            "The file is CSV with a header that names measured_at (ISO 8601 or SQL), device_id, patient_id, code, "
                    + "value and unit, in any order; other columns are ignored. It may be compressed with gzip or "
                    + "Zstandard. Batches are numbered by the current time, so a "
                    + "recording can be replayed again: the plane recognises the readings that it has."
        })
final class ReplayCommand implements Callable<Integer> {

    private static final int MAX_UNACKNOWLEDGED = 64;

    @Mixin
    private ConnectionOptions plane;

    @Spec
    private CommandSpec spec;

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

    @Option(
            names = "--max-wait",
            paramLabel = "DURATION",
            defaultValue = "1h",
            converter = Times.DurationConverter.class,
            description =
                    "End before a reading that is due later than this, because its time, or the time of the first "
                            + "reading, is probably wrong. Default: ${DEFAULT-VALUE}")
    private Duration maxWait;

    @Option(
            names = "--assign",
            description = "Put each device on the patient of its readings, as a clinical admin. Otherwise queries "
                    + "of the patient do not find the readings before somebody does that (device assign), unless the "
                    + "plane is configured otherwise.")
    private boolean assign;

    @Mixin
    private RecordingOptions recordings;

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
        recordings.check(plane);
        return plane.asDevices(this::replay);
    }

    private int replay(Function<String, Channel> channels, Channel registrar) throws Exception {
        var out = spec.commandLine().getOut();
        try (var progress = new Progress(spec.commandLine().getErr())) {
            var summary = new IngestSummary(
                    plane.json() ? response -> out.println(Json.line(response)) : _ -> {}, progress::note);
            var faults = new FirstFault(summary);
            progress.show(summary::progress);
            Exception failure = null;
            try {
                var assigner = assign
                        ? Optional.of(new DeviceAssigner(registrar, progress::note))
                        : Optional.<DeviceAssigner>empty();
                play(channels, assigner, summary, faults, progress);
            } catch (IOException | Playback.LongWaitException | StatusRuntimeException e) {
                failure = e;
            }
            progress.end();
            faults.description().ifPresent(progress::note);
            int status = failure == null ? summary.exitStatus() : CommandExceptionHandler.status(failure);
            summary.print(out, plane.json(), status);
            if (failure != null) {
                throw failure;
            }
            return status;
        }
    }

    private void play(
            Function<String, Channel> channels,
            Optional<DeviceAssigner> assigner,
            IngestSummary summary,
            FirstFault faults,
            Progress progress)
            throws IOException, InterruptedException {
        try (var rejects = recordings.openRejects()) {
            var rejectedLines = Optional.ofNullable(rejects).map(file -> new RejectedLines(file, summary));
            var listener = rejectedLines
                    .<ReadingsStream.Listener>map(Function.identity())
                    .orElse(summary);
            var streams = new DeviceStreams(
                    device -> new ReadingsStream(channels.apply(device), MAX_UNACKNOWLEDGED, retryTimeout, listener));
            var playback = new Playback(
                    streams, assigner, rejectedLines, batchSize, new Playback.Pace(speed, maxWait), progress::note);
            try (var recording = recordings.open(fault -> {
                faults.accept(fault);
                if (rejects != null) {
                    rejects.add(fault);
                }
            })) {
                playback.run(recording);
            }
        }
    }
}
