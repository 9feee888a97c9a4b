package io.pulseplane.vitals;

/** One value of a series at one time. For single readings only; many readings of a series are {@link Columns}. */
public record Reading(Series series, long time, double value) {}
