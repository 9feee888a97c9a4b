package io.pulseplane.cli;

import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.RegistryServiceGrpc;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A patient's consent, as somebody gives and takes it, now through one plane, now through the other. */
final class ChaosConsent {

    private final String patient;
    private final ChaosSite site;
    private final SplittableRandom random;

    /** Since when it is withdrawn for certain; 0 while it is not. */
    private volatile long withdrawnAt;

    private volatile int withdrawals;

    ChaosConsent(String patient, ChaosSite site, SplittableRandom random) {
        this.patient = patient;
        this.site = site;
        this.random = random;
    }

    /** What there was to know before a question: since when it was withdrawn, 0 if it may not have been. */
    long withdrawnAt() {
        return withdrawnAt;
    }

    int withdrawals() {
        return withdrawals;
    }

    /** Says it until a plane has answered that it is so. */
    void put(boolean granted, BooleanSupplier gaveUp) {
        if (granted) {
            // From here on it may be, whatever is answered.
            withdrawnAt = 0;
        }
        while (!gaveUp.getAsBoolean()) {
            var planes = site.planes();
            if (put(granted, planes.get(random.nextInt(planes.size())).instance())) {
                if (!granted) {
                    withdrawals++;
                    withdrawnAt = System.nanoTime();
                }
                return;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    private boolean put(boolean granted, ChaosSite.PlaneComponent.Instance plane) {
        try {
            RegistryServiceGrpc.newBlockingStub(plane.plane().as(plane.channel(), "clinical_admin"))
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

    /** Withdraws it for seconds, and grants it for seconds, again and again; ends with it granted. */
    void run(BooleanSupplier goesOn, BooleanSupplier gaveUp) {
        while (goesOn.getAsBoolean()) {
            put(false, gaveUp);
            rest(goesOn);
            put(true, gaveUp);
            rest(goesOn);
        }
    }

    private void rest(BooleanSupplier goesOn) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1_500 + random.nextInt(2_000));
        while (goesOn.getAsBoolean() && System.nanoTime() < until) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }
}
