/**
 * Wires the rooms of the plane together and runs it: start, readiness, shutdown.
 *
 * <p>At the start, a plane either answers calls or ends with one sentence that gives the reason. When a plane stops, it
 * accepts no more calls, makes durable what it has received, and ends with status 0.
 */
package io.pulseplane.node;
