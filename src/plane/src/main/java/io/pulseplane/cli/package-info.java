/**
 * The command line: one class for each command. {@code serve} and {@code demo} run a plane. {@code token}, {@code
 * store}, {@code migrate} and {@code audit verify} work on files or on the database. All other commands are gRPC
 * clients of a plane.
 */
package io.pulseplane.cli;
