package io.pulseplane.gate;

import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Calls that go on after they were permitted. The gate decides on them again when the reasons may have changed: at once
 * after a change of a consent or of a device's patients, and by a sweep over all calls for what announces no change,
 * such as an expiry or a key that was removed.
 */
final class RunningCalls implements AutoCloseable {

    /** A call that goes on. Its methods return at once, and any thread may call them. */
    interface Call {

        /** Decides again, and ends the call if it is not permitted any more. */
        void recheck();

        /** Does the same if the call's identity or permission is over. Takes a few reads of memory if it is not. */
        void recheckIfOver();
    }

    /** A quarter of the time within which a permission must have ended. */
    static final long SWEEP_INTERVAL_MILLIS = 250;

    private static final System.Logger LOG = System.getLogger(RunningCalls.class.getName());

    private final Set<Call> calls = ConcurrentHashMap.newKeySet();
    private final Map<String, Set<Call>> byPatient = new ConcurrentHashMap<>();
    private final Map<String, Set<Call>> byDevice = new ConcurrentHashMap<>();
    private final Runnable beforeSweep;
    private final AtomicBoolean sweeping = new AtomicBoolean();
    private final ScheduledThreadPoolExecutor timer;

    /** @param beforeSweep is called on the sweep's thread before each sweep */
    RunningCalls(Runnable beforeSweep) {
        this.beforeSweep = beforeSweep;
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("pulseplane-gate-sweep").daemon().factory());
    }

    /** Adds a call whose caller is known. */
    void add(Call call) {
        calls.add(call);
        if (!sweeping.get() && sweeping.compareAndSet(false, true)) {
            try {
                // Ends with the executor; sweep() handles its exceptions.
                var _ = timer.scheduleWithFixedDelay(
                        this::sweep, SWEEP_INTERVAL_MILLIS, SWEEP_INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException _) {
                // The plane is stopping, and the call ends with it.
            }
        }
    }

    /** Adds the patients and the device whose changes concern the call. */
    void index(Call call, Access access) {
        for (var patient : access.patients()) {
            index(byPatient, patient, call);
        }
        if (!access.device().isEmpty()) {
            index(byDevice, access.device(), call);
        }
    }

    private static void index(Map<String, Set<Call>> index, String id, Call call) {
        index.compute(id, (_, calls) -> {
            var set = calls == null ? ConcurrentHashMap.<Call>newKeySet() : calls;
            set.add(call);
            return set;
        });
    }

    void remove(Call call, Access access) {
        calls.remove(call);
        for (var patient : access.patients()) {
            remove(byPatient, patient, call);
        }
        remove(byDevice, access.device(), call);
    }

    private static void remove(Map<String, Set<Call>> index, String id, Call call) {
        index.computeIfPresent(id, (_, calls) -> {
            calls.remove(call);
            return calls.isEmpty() ? null : calls;
        });
    }

    /** Checks the calls that depend on this patient's consent, which has changed: any device may have the patient. */
    void recheckPatient(String patient) {
        byPatient.getOrDefault(patient, Set.of()).forEach(Call::recheck);
        byDevice.values().forEach(ofDevice -> ofDevice.forEach(Call::recheck));
    }

    /** Checks the calls for this device, which has another patient now. */
    void recheckDevice(String device) {
        byDevice.getOrDefault(device, Set.of()).forEach(Call::recheck);
    }

    /** Checks all calls: any reason may have changed. */
    void recheckAll() {
        calls.forEach(Call::recheck);
    }

    private void sweep() {
        try {
            beforeSweep.run();
            calls.forEach(Call::recheckIfOver);
        } catch (RuntimeException e) {
            // The next sweep must come: without it, no idle stream would end.
            LOG.log(Level.ERROR, "A sweep over the running calls failed", e);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
