package io.pulseplane.clock;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Asks the Linux kernel whether a time server keeps its clock, by the system call {@code adjtimex}. Where there is no
 * such call, the answer is no.
 */
final class KernelClock {

    /** A struct timex has 208 bytes on 64-bit Linux. */
    private static final int TIMEX_BYTES = 512;

    /** The state that adjtimex returns while no time server keeps the clock (TIME_ERROR). */
    private static final int UNSYNCHRONIZED = 5;

    /** Made at the first question, because most planes never ask. */
    private Optional<MethodHandle> adjtimex;

    /** Reads only: a struct timex without a mode changes nothing, and needs no right. */
    synchronized boolean isSynchronized() {
        if (adjtimex == null) {
            adjtimex = find();
        }
        if (adjtimex.isEmpty()) {
            return false;
        }
        try (var arena = Arena.ofConfined()) {
            int state = (int) adjtimex.get().invokeExact(arena.allocate(TIMEX_BYTES, Long.BYTES));
            return state >= 0 && state != UNSYNCHRONIZED;
        } catch (Throwable _) {
            adjtimex = Optional.empty();
            return false;
        }
    }

    @SuppressWarnings("restricted")
    private static Optional<MethodHandle> find() {
        try {
            var linker = Linker.nativeLinker();
            return linker.defaultLookup()
                    .find("adjtimex")
                    .map(address -> linker.downcallHandle(
                            address, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS)));
        } catch (RuntimeException | LinkageError _) {
            return Optional.empty();
        }
    }
}
