package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.cli.ChaosReader.QueriedPatient;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Lets devices stream and readers query while two planes, PostgreSQL and Redis are stopped, paused, killed and started
 * again at random. The test runs for {@code -Dpulseplane.chaos.seconds=120}; {@code -Dpulseplane.chaos.seed} repeats a
 * run.
 */
class ChaosIT {

    private static final long SECONDS = Long.getLong("pulseplane.chaos.seconds", 120);
    private static final long SEED = Long.getLong("pulseplane.chaos.seed", System.nanoTime());

    private static final int DEVICES = 4;
    private static final int MAX_FAULT_MILLIS = 4_000;
    private static final int MAX_QUIET_MILLIS = 2_500;

    /** How long the site may take after the last fault until everything is acknowledged and handed on. */
    private static final long SETTLE_SECONDS = 90;

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final long start = System.nanoTime();
    private volatile boolean isFaultInjectionOver;
    private volatile boolean gaveUp;

    @Test
    void no_acknowledged_reading_is_lost_or_stored_twice_and_no_answer_is_forbidden_or_stale() throws Exception {
        System.out.println("pulseplane.chaos.seed=" + SEED);
        try (var site = new ChaosSite(directory)) {
            long begin = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()) - TimeUnit.HOURS.toMicros(2);
            var devices = IntStream.range(0, DEVICES)
                    .mapToObj(i -> new ChaosDevice(i, site, begin, random.split()))
                    .toList();
            var consents = devices.stream()
                    .map(device -> new ChaosConsent(device.patient, site, random.split()))
                    .toList();
            var readers = site.planes().stream()
                    .map(plane -> new ChaosReader(plane, queriedPatients(devices, consents), random.split()))
                    .toList();
            run(site, devices, consents, readers);
            awaitEmptySpools(site);
            for (var device : devices) {
                compare(device, stored(site, device.patient));
            }
            printSummary(devices, consents, readers);
        }
    }

    /** The consent of every second patient is withdrawn and granted in turn. */
    private static List<QueriedPatient> queriedPatients(List<ChaosDevice> devices, List<ChaosConsent> consents) {
        return IntStream.range(0, DEVICES)
                .mapToObj(i -> new QueriedPatient(devices.get(i), i % 2 == 0 ? null : consents.get(i)))
                .toList();
    }

    private void run(ChaosSite site, List<ChaosDevice> devices, List<ChaosConsent> consents, List<ChaosReader> readers)
            throws Exception {
        var threads =
                Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().factory());
        List<Future<?>> tasks = new ArrayList<>();
        try {
            devices.forEach(device -> tasks.add(threads.submit(() -> device.run(this::isRunning, () -> gaveUp))));
            // A patient can consent once the first batch has registered the patient.
            consents.forEach(consent -> consent.put(true, () -> gaveUp));
            for (int i = 1; i < DEVICES; i += 2) {
                var consent = consents.get(i);
                tasks.add(threads.submit(() -> consent.run(this::isRunning, () -> gaveUp)));
            }
            readers.forEach(reader -> tasks.add(threads.submit(() -> reader.run(this::isRunning))));
            injectFaults(site, tasks);
            for (var task : tasks) {
                task.get(SETTLE_SECONDS, TimeUnit.SECONDS);
            }
        } catch (ExecutionException e) {
            throw new AssertionError("seed " + SEED, e.getCause());
        } finally {
            gaveUp = true;
            isFaultInjectionOver = true;
            threads.shutdownNow();
        }
    }

    private boolean isRunning() {
        return !isFaultInjectionOver;
    }

    /** Injects a fault into each component once, in random order, then into components chosen at random. */
    private void injectFaults(ChaosSite site, List<Future<?>> tasks) throws Exception {
        var components = new ArrayList<>(site.components());
        Collections.shuffle(components, new Random(random.nextLong()));
        int faults = 0;
        while (elapsedSeconds() < SECONDS || faults < components.size()) {
            pause(random.nextInt(MAX_QUIET_MILLIS));
            int next = faults < components.size() ? faults : random.nextInt(components.size());
            faults++;
            injectFault(components.get(next), random.nextInt(MAX_FAULT_MILLIS));
            for (var task : tasks) {
                if (task.isDone()) {
                    task.get();
                }
            }
        }
        pause(MAX_QUIET_MILLIS);
        isFaultInjectionOver = true;
    }

    private void injectFault(ChaosSite.Component component, int millis) throws Exception {
        int kind = random.nextInt(3);
        System.out.printf(
                "%6.1f s  %s: %s for %d ms%n",
                elapsed(), component, List.of("paused", "killed", "stopped").get(kind), millis);
        if (kind == 0) {
            component.pause();
            pause(millis);
            component.resume();
            return;
        }
        if (kind == 1) {
            component.kill();
        } else {
            component.stop();
        }
        pause(millis);
        component.start();
    }

    private double elapsed() {
        return (System.nanoTime() - start) / 1e9;
    }

    private long elapsedSeconds() {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    }

    /** Lets time pass: this is the schedule of the faults, and waits for no condition. */
    private static void pause(int millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() < until) {
            LockSupport.parkNanos(until - System.nanoTime());
        }
    }

    /** Waits until both planes have handed on what was in their spools, and checks that nothing was set aside. */
    private static void awaitEmptySpools(ChaosSite site) throws Exception {
        for (var plane : site.planes()) {
            Callable<Boolean> isSpoolEmpty = () -> plane.metric("pulseplane_spool_waiting") == 0;
            Awaitility.await().atMost(SETTLE_SECONDS, TimeUnit.SECONDS).until(isSpoolEmpty);
            assertThat(plane.metric("pulseplane_spool_set_aside")).isZero();
        }
    }

    private static void compare(ChaosDevice device, Map<Long, Double> stored) {
        var sent = device.readings();
        var missing = new TreeMap<>(sent);
        missing.keySet().removeAll(stored.keySet());
        assertThat(missing.keySet().stream().map(device::responseTo).distinct())
                .as("missing readings of %s, seed %d", device.patient, SEED)
                .isEmpty();
        assertThat(stored).as("%s, seed %d", device.patient, SEED).isEqualTo(sent);
    }

    private static Map<Long, Double> stored(ChaosSite site, String patient) throws SQLException {
        var readings = new TreeMap<Long, Double>();
        try (var connection = site.postgres.connect();
                var statement = connection.prepareStatement("""
                    SELECT (extract(epoch FROM measured_at) * 1000000)::bigint, value FROM measurements
                    WHERE patient = ?\
                    """)) {
            statement.setString(1, patient);
            int count = 0;
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    readings.put(rows.getLong(1), rows.getDouble(2));
                    count++;
                }
            }
            assertThat(readings).as("each reading once").hasSize(count);
        }
        return readings;
    }

    private void printSummary(List<ChaosDevice> devices, List<ChaosConsent> consents, List<ChaosReader> readers) {
        int acknowledged = devices.stream().mapToInt(ChaosDevice::acknowledged).sum();
        int provisional = devices.stream().mapToInt(ChaosDevice::provisional).sum();
        int withdrawals = consents.stream().mapToInt(ChaosConsent::withdrawals).sum();
        int answers = readers.stream().mapToInt(ChaosReader::answers).sum();
        int refusals = readers.stream().mapToInt(ChaosReader::refusals).sum();
        System.out.printf(
                "%.0f s: %d batches acknowledged, %d of them provisionally; %d answers, %d refusals; %d withdrawals%n",
                elapsed(), acknowledged, provisional, answers, refusals, withdrawals);
        assertThat(provisional).as("batches that were spooled").isPositive();
        assertThat(acknowledged).isGreaterThan(provisional);
        assertThat(answers).isPositive();
        assertThat(withdrawals).isPositive();
    }
}
