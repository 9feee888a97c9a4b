/**
 * The client of a plane: a channel with TLS, token, deadline and retry ({@link io.pulseplane.client.PlaneClient}), a
 * device's stream of batches that survives a lost connection ({@link io.pulseplane.client.ReadingsStream}), and the
 * conversion of columns to arrays ({@link io.pulseplane.client.ColumnMessages}).
 *
 * <p>It works with every stub of {@code io.pulseplane.v1} and needs grpc-java, protobuf and
 * {@code io.pulseplane.vitals}. It runs on Java 21 and newer, starts no thread of its own, and logs nothing.
 */
package io.pulseplane.client;
