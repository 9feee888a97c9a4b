/**
 * Knows which devices are assigned to which patient: which readings the plane takes for a patient, and which it serves
 * to those who query the patient.
 */
package io.pulseplane.assignment;
