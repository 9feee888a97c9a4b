/** Encrypts what leaves the plane's memory for a place that others can read: Redis, the spool's files. */
package io.pulseplane.store.seal;
