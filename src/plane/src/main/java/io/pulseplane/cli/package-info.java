/**
 * The command line: one class for each command. {@code serve} runs the plane; every other command is a gRPC client of one
 * and starts nothing but itself.
 */
package io.pulseplane.cli;
