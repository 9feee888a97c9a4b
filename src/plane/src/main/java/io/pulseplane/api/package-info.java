/**
 * One endpoint for each proto service. An endpoint converts messages and maps failures, and does nothing else.
 *
 * <p>Endpoints are plain gRPC {@code StreamObserver} code. The Mutiny stubs of Quarkus subscribe to a stream of
 * responses with unbounded demand, and collect a stream of requests in an unbounded queue, so that a slow client could
 * fill the memory of the plane. In this package, demand follows the transport in both directions.
 */
package io.pulseplane.api;
