/**
 * Metrics of the plane, for Prometheus. Each class listens to the events of one room. No patient, device or caller is in a
 * label.
 */
package io.pulseplane.node.metrics;
