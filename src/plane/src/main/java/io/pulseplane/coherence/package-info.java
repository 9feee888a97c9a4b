/** What the planes of a site share and tell each other through Redis, and the promise that nothing stale is served. */
package io.pulseplane.coherence;
