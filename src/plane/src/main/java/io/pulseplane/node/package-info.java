/** Puts the plane together and runs it: configuration, lifecycle, health, metrics. */
package io.pulseplane.node;
