/**
 * One endpoint for each proto service: translates messages, maps errors, and does nothing else.
 *
 * <p>Endpoints are plain gRPC {@code StreamObserver} code. Quarkus's Mutiny stubs subscribe to a stream of answers with
 * unbounded demand and collect a stream of requests in an unbounded queue, so a slow client would cost the plane its
 * memory; here demand follows the transport in both directions.
 */
package io.pulseplane.api;
