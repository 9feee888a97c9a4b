/**
 * Code for the native executable only: configuration that is read at build time, and substitutions of methods of
 * Quarkus, SmallRye, Netty and Flyway. Each class documents what the original does, and why that is too slow or cannot
 * work.
 */
package io.pulseplane.node.graal;
