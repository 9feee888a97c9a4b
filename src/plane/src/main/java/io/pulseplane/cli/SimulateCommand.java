package io.pulseplane.cli;

import io.grpc.Channel;
import io.pulseplane.vitals.EpochMicros;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Streams readings of simulated monitors into a plane. */
@Command(
        name = "simulate",
        description = {
            "Stream simulated bedside monitors into the plane.",
            "",
            "Each monitor reports 8 vital signs every simulated second, with artefacts, sensors that fall off and "
                    + "drop-outs, so the plane rejects some readings. At the default rate simulated time is real time; "
                    + "at a higher rate it starts in the past. The same seed and start give the same readings again."
        })
final class SimulateCommand implements Callable<Integer> {

    private static final long SECOND = 1_000_000L;
    private static final Duration HISTORY = Duration.ofDays(30);

    @Mixin
    private ConnectionOptions plane;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--devices",
            paramLabel = "N",
            defaultValue = "10",
            description = "Number of monitors. Default: ${DEFAULT-VALUE}")
    private int devices;

    @Option(
            names = "--rate",
            paramLabel = "R",
            converter = RateConverter.class,
            description = "Readings per second over all monitors, or max. Default: real time, 8 for each monitor")
    private Double rate;

    @Option(
            names = "--readings",
            paramLabel = "N",
            description = "Stop after this many readings, drop-outs included. Default: never")
    private Long readings;

    @Option(names = "--seconds", paramLabel = "N", description = "Stop after this many seconds. Default: never")
    private Long seconds;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description =
                    "Simulated seconds in a batch. Default: 1 in real time, 125 (1,000 readings) at any other rate")
    private Integer batch;

    @Option(
            names = "--start",
            paramLabel = "TIME",
            converter = Times.InstantConverter.class,
            description = "When simulated time starts. Default: so that it ends now, but at most 30 days ago")
    private Instant start;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Each seed gives other patients. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--assign",
            description = "Put each monitor on its patient first, as a clinical admin. Otherwise queries "
                    + "of the patient do not find the readings before somebody does that (device assign), unless the "
                    + "plane is configured otherwise.")
    private boolean assign;

    @Option(
            names = "--patience",
            paramLabel = "DURATION",
            defaultValue = "30s",
            converter = Times.DurationConverter.class,
            description = "How long to try again when no plane answers. Default: ${DEFAULT-VALUE}")
    private Duration retryTimeout;

    static final class RateConverter implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            try {
                double rate = text.equals("max") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
                if (rate > 0) {
                    return rate;
                }
            } catch (NumberFormatException _) {
                // Reported below.
            }
            throw new TypeConversionException("'" + text + "' is not a rate such as 1000 or max");
        }
    }

    @Override
    public Integer call() throws Exception {
        require(devices >= 1 && devices <= 10_000, "--devices must be from 1 to 10,000");
        require(readings == null || readings >= 1, "--readings must be 1 or more");
        require(seconds == null || seconds >= 1, "--seconds must be 1 or more");
        require(batch == null || (batch >= 1 && batch <= 3_600), "--batch must be from 1 to 3,600");
        return plane.asDevices(this::simulate);
    }

    private void require(boolean condition, String message) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    private int simulate(Function<String, Channel> channels, Channel registrar)
            throws InterruptedException, ExecutionException {
        var out = spec.commandLine().getOut();
        try (var progress = new Progress(spec.commandLine().getErr())) {
            var summary = new IngestSummary(
                    plane.json() ? response -> out.println(Json.line(response)) : _ -> {}, progress::note);
            progress.show(summary::progress);
            try {
                var plan = plan();
                if (assign) {
                    assign(new DeviceAssigner(registrar, progress::note), plan.start());
                }
                new MonitorSimulator(channels, plan, retryTimeout, summary).run();
            } catch (Exception e) {
                progress.end();
                summary.print(out, plane.json(), CommandExceptionHandler.status(e));
                throw e;
            }
            progress.end();
            // Some simulated readings are implausible, so rejections are no failure.
            int status = summary.hasNoRefusals() ? ExitStatus.OK : ExitStatus.FAILED;
            summary.print(out, plane.json(), status);
            return status;
        }
    }

    private void assign(DeviceAssigner assigner, long start) {
        for (int number = 1; number <= devices; number++) {
            assigner.assign(MonitorSimulator.deviceId(number), MonitorSimulator.patientId(number), start);
        }
    }

    private MonitorSimulator.Plan plan() {
        double perSample = (double) devices * Physiology.signs();
        double speed = rate == null ? 1 : rate / perSample;
        long samples = readings == null ? Long.MAX_VALUE : (long) Math.ceil(readings / perSample);
        if (seconds != null && Double.isFinite(speed)) {
            samples = Math.min(samples, Math.max(1, Math.round(seconds * speed)));
        }
        long now = EpochMicros.now() / SECOND * SECOND;
        boolean isRealTime = speed <= 1;
        long first = start != null ? EpochMicros.of(start) / SECOND * SECOND : now;
        if (start == null && !isRealTime) {
            first = now - Math.min(samples, HISTORY.toSeconds()) * SECOND;
        }
        if (!isRealTime) {
            // The plane rejects readings of the future.
            samples = Math.min(samples, Math.max(1, (now - first) / SECOND + 1));
        }
        int samplesPerBatch = batch != null ? batch : isRealTime ? 1 : 1_000 / Physiology.signs();
        return new MonitorSimulator.Plan(devices, samples, speed, samplesPerBatch, first, seed);
    }
}
