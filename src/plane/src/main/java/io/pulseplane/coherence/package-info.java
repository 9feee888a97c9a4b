/**
 * Coherence of the planes of a site: what a plane keeps in memory stays true although other planes make changes.
 *
 * <p>With Redis, {@link io.pulseplane.coherence.RedisSite} announces changes to the other planes and shares latest
 * readings with them; {@link io.pulseplane.coherence.Freshness} decides what may be served. Without Redis, {@link
 * io.pulseplane.coherence.PollingSite} lets the plane read the store more often. Either way, no plane serves data that
 * are staler than the configured bound.
 */
package io.pulseplane.coherence;
