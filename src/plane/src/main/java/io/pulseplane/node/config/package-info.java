/**
 * The configuration of a plane: one {@code @ConfigMapping} for each part, with the default of every key, and the settings
 * made of it. What cannot be is refused at the start with one sentence ({@link
 * io.pulseplane.node.config.StartupException}).
 */
package io.pulseplane.node.config;
