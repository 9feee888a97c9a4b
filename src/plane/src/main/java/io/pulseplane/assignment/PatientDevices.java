package io.pulseplane.assignment;

import io.pulseplane.store.Assignment;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The devices that are or were assigned to one patient. Assignments that the store derived from a first batch do not
 * count.
 */
public final class PatientDevices {

    /** Where the readings of all devices count. */
    public static final PatientDevices ALL = new PatientDevices(null);

    /** Map of device to the spans of its assignments; null if all devices count. */
    private final Map<String, List<TimeRange>> spansByDevice;

    private PatientDevices(Map<String, List<TimeRange>> spansByDevice) {
        this.spansByDevice = spansByDevice;
    }

    static PatientDevices of(List<Assignment> assignments) {
        var spans = new HashMap<String, List<TimeRange>>();
        for (var assignment : assignments) {
            if (!assignment.provisional()) {
                spans.computeIfAbsent(assignment.device(), _ -> new ArrayList<>(1))
                        .add(new TimeRange(assignment.from(), assignment.to().orElse(Long.MAX_VALUE)));
            }
        }
        return new PatientDevices(spans);
    }

    /** Returns the number of assignments. */
    int size() {
        return spansByDevice.values().stream().mapToInt(List::size).sum();
    }

    /** Returns the times at which the device is assigned to the patient. */
    public List<TimeRange> spansOf(String device) {
        return spansByDevice.getOrDefault(device, List.of());
    }

    /**
     * Returns up to which time, exclusive, readings of this device are served as the patient's: up to the end of its
     * last assignment; 0 if it was never assigned. Readings from before the assignment are served: a monitor often
     * measures before somebody finds the time to assign it.
     */
    public long servedUntil(String device) {
        if (spansByDevice == null) {
            return Long.MAX_VALUE;
        }
        long until = 0;
        for (var span : spansOf(device)) {
            until = Math.max(until, span.to());
        }
        return until;
    }

    public boolean serves(Reading reading) {
        return reading.time() < servedUntil(reading.series().device());
    }

    /** Returns the part of a range of a series of the patient that is served. */
    public TimeRange servedRange(Series series, TimeRange range) {
        return new TimeRange(range.from(), Math.clamp(servedUntil(series.device()), range.from(), range.to()));
    }

    /** Returns the first of these readings that are served, all of them in the common case; they ascend in time. */
    Columns served(Columns readings) {
        long until = servedUntil(readings.series().device());
        int size = readings.size();
        while (size > 0 && readings.times()[size - 1] >= until) {
            size--;
        }
        return size == readings.size() ? readings : readings.slice(0, size);
    }
}
