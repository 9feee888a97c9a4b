/**
 * The domain: vital signs and their plausible ranges, series, readings as columns, and the screening of batches.
 *
 * <p>It depends on the JDK alone. Times are {@code long} microseconds since the Unix epoch, UTC; values are IEEE
 * doubles in the unit of their series.
 */
package io.pulseplane.vitals;
