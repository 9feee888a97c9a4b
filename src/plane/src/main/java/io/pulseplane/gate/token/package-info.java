/**
 * Finds out who calls: from a bearer token or a client certificate to an {@link io.pulseplane.gate.token.Identity}.
 *
 * <p>It is closed by default: a token that cannot be read, checked or matched with a key gives no identity. A signature
 * is verified once. After that, the token is cached until it expires or its key is withdrawn.
 */
package io.pulseplane.gate.token;
