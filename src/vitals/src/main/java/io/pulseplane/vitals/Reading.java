package io.pulseplane.vitals;

/** One value at one time. For single answers only; what comes in numbers travels as {@link Columns}. */
public record Reading(Series series, long time, double value) {}
