package io.pulseplane.gate;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Calls that go on after they were permitted. The gate decides on them again when the reasons may have changed. */
final class RunningCalls implements AutoCloseable {

    /** A call that was permitted and goes on. */
    interface Call {

        /** Decides again, and ends the call if it is not permitted any more. Returns at once. */
        void recheck();
    }

    /** A longer delay would make no difference, and its nanoseconds could overflow. */
    private static final long MAX_DELAY_MICROS = TimeUnit.DAYS.toMicros(365);

    private final Map<String, Set<Call>> byPatient = new ConcurrentHashMap<>();
    private final Set<Call> withoutPatient = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor timer;

    RunningCalls() {
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().name("pulseplane-gate-timer").daemon().factory());
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** @param patients whose consent the call depends on; if empty, it is checked again after every change */
    void add(Call call, Collection<String> patients) {
        if (patients.isEmpty()) {
            withoutPatient.add(call);
        }
        for (var patient : patients) {
            byPatient.compute(patient, (_, calls) -> {
                var set = calls == null ? ConcurrentHashMap.<Call>newKeySet() : calls;
                set.add(call);
                return set;
            });
        }
    }

    void remove(Call call, Collection<String> patients) {
        withoutPatient.remove(call);
        for (var patient : patients) {
            byPatient.computeIfPresent(patient, (_, calls) -> {
                calls.remove(call);
                return calls.isEmpty() ? null : calls;
            });
        }
    }

    /** Checks the calls that depend on this patient's consent, which has changed. */
    void recheck(String patient) {
        byPatient.getOrDefault(patient, Set.of()).forEach(Call::recheck);
        withoutPatient.forEach(Call::recheck);
    }

    /** Checks all calls: any consent may have changed. */
    void recheckAll() {
        byPatient.values().stream().flatMap(Set::stream).distinct().forEach(Call::recheck);
        withoutPatient.forEach(Call::recheck);
    }

    /** Checks the call again after so many microseconds. */
    Future<?> recheckAfter(Call call, long micros) {
        try {
            return timer.schedule(call::recheck, Math.clamp(micros, 0, MAX_DELAY_MICROS), TimeUnit.MICROSECONDS);
        } catch (RejectedExecutionException e) {
            // The plane is stopping, and the call ends with it.
            return CompletableFuture.completedFuture(null);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
