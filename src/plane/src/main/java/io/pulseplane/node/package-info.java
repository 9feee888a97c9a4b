/**
 * Puts the plane together and runs it: wiring of the rooms, start, readiness, shutdown.
 *
 * <p>A plane that starts either answers calls or ends with one sentence that says why. A plane that is told to stop takes no
 * more, drains what it has taken, and ends with status 0.
 */
package io.pulseplane.node;
