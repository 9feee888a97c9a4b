/**
 * Code for the native executable alone: configuration that is read when the image is built, and substitutions of methods of
 * Quarkus, SmallRye, Netty and Flyway. Each class says what the original would do, and why that is not wanted or cannot work.
 */
package io.pulseplane.node.graal;
