package io.pulseplane.store;

import java.util.function.Supplier;

/** On whose behalf a store is asked to read. A store with few threads serves its callers in turn. */
public final class ReadCaller {

    private static final ScopedValue<String> SUBJECT = ScopedValue.newInstance();

    private ReadCaller() {}

    /** The caller of the work that this thread does; empty if the plane itself needs it. */
    public static String current() {
        return SUBJECT.orElse("");
    }

    /** Does the work, which begins reads, on behalf of the subject. */
    public static <T> T call(String subject, Supplier<T> work) {
        return ScopedValue.where(SUBJECT, subject).call(work::get);
    }

    /** Does the work, which begins reads, on behalf of the subject. */
    public static void run(String subject, Runnable work) {
        ScopedValue.where(SUBJECT, subject).run(work);
    }
}
