package io.pulseplane.store;

/**
 * The size of a store.
 *
 * @param bytes all bytes on disk
 * @param patients number of patients in the registry
 * @param devices number of devices in the registry
 * @param series number of series that have or had readings
 */
public record StoreSize(long bytes, long patients, long devices, long series) {}
