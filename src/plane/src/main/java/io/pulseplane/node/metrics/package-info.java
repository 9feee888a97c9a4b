/**
 * Metrics of the plane, for Prometheus. Each class counts the events of a room or reads its figures. No patient, device
 * or caller is in a label.
 */
package io.pulseplane.node.metrics;
