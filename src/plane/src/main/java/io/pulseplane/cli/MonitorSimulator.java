package io.pulseplane.cli;

import io.grpc.Channel;
import io.pulseplane.client.BatchBuilder;
import io.pulseplane.client.ReadingsStream;
import io.pulseplane.vitals.EpochMicros;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Simulates bedside monitors, each with a patient and a stream of its own. */
final class MonitorSimulator {

    private static final long SECOND = 1_000_000L;
    private static final int MAX_UNACKNOWLEDGED = 16;

    /**
     * What the monitors do.
     *
     * @param devices number of monitors
     * @param samples number of reports of each monitor; {@link Long#MAX_VALUE} for no end
     * @param speed simulated seconds for each second; infinite for full speed
     * @param samplesPerBatch number of reports in a batch
     * @param start the time of the first report, in microseconds; monitors report at whole seconds
     * @param seed each seed gives other patients
     */
    record Plan(int devices, long samples, double speed, int samplesPerBatch, long start, long seed) {}

    private final Function<String, Channel> channels;
    private final Plan plan;
    private final Duration retryTimeout;
    private final ReadingsStream.Listener listener;

    /** @param channels the channel of each monitor */
    MonitorSimulator(
            Function<String, Channel> channels, Plan plan, Duration retryTimeout, ReadingsStream.Listener listener) {
        this.channels = channels;
        this.plan = plan;
        this.retryTimeout = retryTimeout;
        this.listener = listener;
    }

    static String deviceId(int number) {
        return String.format(Locale.ROOT, "sim-monitor-%04d", number);
    }

    static String patientId(int number) {
        return String.format(Locale.ROOT, "sim-patient-%04d", number);
    }

    /** Runs until every monitor has ended, one fails, or this thread is interrupted. */
    void run() throws InterruptedException, ExecutionException {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var monitors = new ArrayList<Future<Void>>(plan.devices);
            for (int number = 1; number <= plan.devices; number++) {
                int monitor = number;
                Callable<Void> task = () -> {
                    runMonitor(monitor);
                    return null;
                };
                monitors.add(threads.submit(task));
            }
            join(monitors);
        }
    }

    private static void join(List<Future<Void>> monitors) throws InterruptedException, ExecutionException {
        try {
            for (var monitor : monitors) {
                monitor.get();
            }
        } finally {
            monitors.forEach(monitor -> monitor.cancel(true));
        }
    }

    private void runMonitor(int number) throws InterruptedException {
        var stream = new ReadingsStream(channels.apply(deviceId(number)), MAX_UNACKNOWLEDGED, retryTimeout, listener);
        var physiology = new Physiology(plan.seed + number);
        var batch = new BatchBuilder(deviceId(number), patientId(number));
        var pacer = new PlaybackPacer(plan.speed);
        long sequence = EpochMicros.now();
        for (long sample = 0; sample < plan.samples; sample++) {
            long time = plan.start + sample * SECOND;
            pacer.waitFor(time);
            physiology.report(time, batch);
            boolean isLast = sample == plan.samples - 1;
            if (batch.size() > 0 && (isLast || sample % plan.samplesPerBatch == plan.samplesPerBatch - 1)) {
                stream.send(batch.build(sequence++));
            }
        }
        stream.finish();
    }
}
