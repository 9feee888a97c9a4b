package io.pulseplane.cli;

import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.RegistryServiceGrpc;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Grants and withdraws the consent of a patient, each time through a plane chosen at random. */
final class ChaosConsent {

    private final String patient;
    private final ChaosSite site;
    private final SplittableRandom random;

    /** The {@link System#nanoTime} from which on consent is certainly withdrawn; 0 while it may be granted. */
    private volatile long withdrawnAt;

    private final AtomicInteger withdrawals = new AtomicInteger();

    ChaosConsent(String patient, ChaosSite site, SplittableRandom random) {
        this.patient = patient;
        this.site = site;
        this.random = random;
    }

    /** The {@link System#nanoTime} from which on consent is certainly withdrawn; 0 while it may be granted. */
    long withdrawnAt() {
        return withdrawnAt;
    }

    int withdrawals() {
        return withdrawals.get();
    }

    /** Grants or withdraws consent: tries again until a plane answers. */
    void put(boolean granted, BooleanSupplier gaveUp) {
        if (granted) {
            // A plane may store the grant and not answer.
            withdrawnAt = 0;
        }
        while (!gaveUp.getAsBoolean()) {
            var planes = site.planes();
            if (put(granted, planes.get(random.nextInt(planes.size())).instance())) {
                if (!granted) {
                    withdrawals.incrementAndGet();
                    withdrawnAt = System.nanoTime();
                }
                return;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    private boolean put(boolean granted, ChaosSite.PlaneComponent.Instance instance) {
        try {
            RegistryServiceGrpc.newBlockingStub(instance.plane().as(instance.channel(), "clinical_admin"))
                    .withDeadlineAfter(2, TimeUnit.SECONDS)
                    .putConsent(PutConsentRequest.newBuilder()
                            .setConsent(
                                    Consent.newBuilder().setPatientId(patient).setGranted(granted))
                            .build());
            return true;
        } catch (StatusRuntimeException e) {
            return false;
        }
    }

    /** Withdraws consent for seconds and grants it for seconds, in turn. Ends with consent granted. */
    void run(BooleanSupplier isRunning, BooleanSupplier gaveUp) {
        while (isRunning.getAsBoolean()) {
            put(false, gaveUp);
            pause(isRunning);
            put(true, gaveUp);
            pause(isRunning);
        }
    }

    private void pause(BooleanSupplier isRunning) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1_500L + random.nextInt(2_000));
        while (isRunning.getAsBoolean() && System.nanoTime() < until) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }
}
