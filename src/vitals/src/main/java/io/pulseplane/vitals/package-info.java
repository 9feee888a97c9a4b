/**
 * The domain: what is measured, what is plausible, how readings are shaped, and how a batch is screened.
 *
 * <p>Uses the JDK and nothing else. Times are {@code long} microseconds since the Unix epoch, UTC; values are IEEE
 * doubles in the unit of their series.
 */
package io.pulseplane.vitals;
