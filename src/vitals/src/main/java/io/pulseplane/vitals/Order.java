package io.pulseplane.vitals;

/** The order in time of the readings or records of an answer. */
public enum Order {
    OLDEST_FIRST,
    NEWEST_FIRST;

    /** Returns a negative number if time {@code a} comes before time {@code b} in this order, positive if after. */
    public int compare(long a, long b) {
        return this == OLDEST_FIRST ? Long.compare(a, b) : Long.compare(b, a);
    }
}
