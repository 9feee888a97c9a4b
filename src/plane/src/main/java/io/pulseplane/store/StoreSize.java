package io.pulseplane.store;

/**
 * What a store takes and holds.
 *
 * @param bytes bytes on disk, everything included
 * @param patients patients in the registry
 * @param devices devices in the registry
 * @param series series that have or had readings
 */
public record StoreSize(long bytes, long patients, long devices, long series) {}
