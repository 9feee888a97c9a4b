/**
 * The configuration of a plane: one {@code @ConfigMapping} for each part, with the default of every key, and the
 * settings made of it. A wrong configuration stops the start with one sentence, a {@link
 * io.pulseplane.node.config.StartupException}.
 */
package io.pulseplane.node.config;
