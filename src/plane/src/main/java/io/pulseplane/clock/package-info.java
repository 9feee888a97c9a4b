/**
 * The time of the plane. What expires, expires by {@link io.pulseplane.clock.PlaneClock}, which does not go back while
 * the operating system's clock does. What is deleted by its age is deleted only while the clock is beyond doubt.
 *
 * <p>Everything here may be called by any thread. {@link io.pulseplane.clock.PlaneClock#getAsLong} neither blocks nor
 * allocates; {@link io.pulseplane.clock.PlaneClock#check} reads and writes a small file.
 */
package io.pulseplane.clock;
