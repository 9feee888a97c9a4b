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
 * Devices stream and readers ask, while a seed says when which of two planes, PostgreSQL and Redis is stopped, paused, killed
 * and started again. It runs for {@code -Dpulseplane.chaos.seconds=120}, with {@code -Dpulseplane.chaos.seed}.
 */
class ChaosIT {

    private static final long SECONDS = Long.getLong("pulseplane.chaos.seconds", 120);
    private static final long SEED = Long.getLong("pulseplane.chaos.seed", System.nanoTime());

    private static final int DEVICES = 4;
    private static final int MAX_FAULT_MILLIS = 4_000;
    private static final int MAX_QUIET_MILLIS = 2_500;

    /** To come to rest after the last harm. */
    private static final long SETTLE_SECONDS = 90;

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final long start = System.nanoTime();
    private volatile boolean isFaultInjectionOver;
    private volatile boolean gaveUp;

    @Test
    void nothing_acknowledged_is_lost_or_stored_twice_and_nobody_is_told_what_may_not_be_told() throws Exception {
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

    /** Of every second patient the consent comes and goes. */
    private static List<QueriedPatient> queriedPatients(List<ChaosDevice> devices, List<ChaosConsent> consents) {
        return IntStream.range(0, DEVICES)
                .mapToObj(i -> new QueriedPatient(devices.get(i), i % 2 == 0 ? null : consents.get(i)))
                .toList();
    }

    private void run(ChaosSite site, List<ChaosDevice> devices, List<ChaosConsent> consents, List<ChaosReader> readers)
            throws Exception {
        var threads =
                Executors.newThreadPerTaskExecutor(Thread.ofPlatform().daemon().factory());
        List<Future<?>> work = new ArrayList<>();
        try {
            devices.forEach(device -> work.add(threads.submit(() -> device.run(this::isRunning, () -> gaveUp))));
            // A consent is of a patient that a first batch has registered.
            consents.forEach(consent -> consent.put(true, () -> gaveUp));
            for (int i = 1; i < DEVICES; i += 2) {
                var consent = consents.get(i);
                work.add(threads.submit(() -> consent.run(this::isRunning, () -> gaveUp)));
            }
            readers.forEach(reader -> work.add(threads.submit(() -> reader.run(this::isRunning))));
            injectFaults(site, work);
            for (var each : work) {
                each.get(SETTLE_SECONDS, TimeUnit.SECONDS);
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

    /** Each of the four once, in whatever order, then whichever. */
    private void injectFaults(ChaosSite site, List<Future<?>> work) throws Exception {
        var parts = new ArrayList<>(site.components());
        Collections.shuffle(parts, new Random(random.nextLong()));
        int harms = 0;
        while (elapsedSeconds() < SECONDS || harms < parts.size()) {
            rest(random.nextInt(MAX_QUIET_MILLIS));
            var part = harms < parts.size() ? parts.get(harms) : parts.get(random.nextInt(parts.size()));
            harms++;
            injectFaults(part, random.nextInt(MAX_FAULT_MILLIS));
            for (var each : work) {
                if (each.isDone()) {
                    each.get();
                }
            }
        }
        rest(MAX_QUIET_MILLIS);
        isFaultInjectionOver = true;
    }

    private void injectFaults(ChaosSite.Component part, int millis) throws Exception {
        int how = random.nextInt(3);
        System.out.printf(
                "%6.1f s  %s: %s for %d ms%n",
                elapsed(), part, List.of("paused", "killed", "stopped").get(how), millis);
        if (how == 0) {
            part.pause();
            rest(millis);
            part.resume();
            return;
        }
        if (how == 1) {
            part.kill();
        } else {
            part.stop();
        }
        rest(millis);
        part.start();
    }

    private double elapsed() {
        return (System.nanoTime() - start) / 1e9;
    }

    private long elapsedSeconds() {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    }

    /** Nothing is waited for here: it is the schedule. */
    private static void rest(int millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() < until) {
            LockSupport.parkNanos(until - System.nanoTime());
        }
    }

    /** What waits on the planes is handed on; nothing of it was contradicted. */
    private static void awaitEmptySpools(ChaosSite site) throws Exception {
        for (var plane : site.planes()) {
            Callable<Boolean> nothingWaits = () -> plane.metric("pulseplane_spool_waiting") == 0;
            Awaitility.await().atMost(SETTLE_SECONDS, TimeUnit.SECONDS).until(nothingWaits);
            assertThat(plane.metric("pulseplane_spool_set_aside")).isZero();
        }
    }

    private static void compare(ChaosDevice device, Map<Long, Double> stored) {
        var sent = device.readings();
        var missing = new TreeMap<>(sent);
        missing.keySet().removeAll(stored.keySet());
        assertThat(missing.keySet().stream().map(device::responseTo).distinct())
                .as("what is missing of %s, seed %d", device.patient, SEED)
                .isEmpty();
        assertThat(stored).as("%s, seed %d", device.patient, SEED).isEqualTo(sent);
    }

    private static Map<Long, Double> stored(ChaosSite site, String patient) throws SQLException {
        var readings = new TreeMap<Long, Double>();
        try (var connection = site.postgres.connect();
                var statement = connection.prepareStatement("""
                        SELECT (extract(epoch FROM measured_at) * 1000000)::bigint, value FROM measurements
                        WHERE patient = ?""")) {
            statement.setString(1, patient);
            int count = 0;
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    readings.put(rows.getLong(1), rows.getDouble(2));
                    count++;
                }
            }
            assertThat(readings).as("each once").hasSize(count);
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
                "%.0f s: %d batches acknowledged, %d of them while they waited; %d answers, %d refusals; %d withdrawals%n",
                elapsed(), acknowledged, provisional, answers, refusals, withdrawals);
        assertThat(provisional).as("PostgreSQL was missed").isPositive();
        assertThat(acknowledged).isGreaterThan(provisional);
        assertThat(answers).isPositive();
        assertThat(withdrawals).isPositive();
    }
}
