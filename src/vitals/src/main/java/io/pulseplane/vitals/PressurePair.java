package io.pulseplane.vitals;

/**
 * A systolic and a diastolic pressure of the same kind: at the same time, the systolic is above the diastolic.
 *
 * @param systolic LOINC code of the systolic pressure
 * @param diastolic LOINC code of the diastolic pressure
 */
public record PressurePair(String systolic, String diastolic) {}
