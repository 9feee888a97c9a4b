/**
 * Who are you: bearer tokens and client certificates in, an {@link io.pulseplane.gate.token.Identity} out.
 *
 * <p>Closed by default: what cannot be read, checked or placed in time is nobody. A signature is verified once; after
 * that the token is known until it expires or its key goes.
 */
package io.pulseplane.gate.token;
