package io.pulseplane.api;

import io.pulseplane.query.SeriesGroup.Grouping;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.util.List;
import java.util.Set;

/** Converts the fields that the requests of queries have in common, and collects their violations. */
final class QueryRequestReader {

    private static final int MAX_WATCHED_PATIENTS = 1_000;

    private static final int MAX_CODES = 100;
    private static final int MAX_QUANTILES = 20;

    private QueryRequestReader() {}

    /** Returns the selector of a request, which must set one of both ids. */
    static SeriesSelector selector(
            boolean byPatient,
            String patient,
            boolean byDevice,
            String device,
            List<String> codes,
            Violations violations) {
        checkSelector(byPatient, patient, byDevice, device, codes, violations);
        var subject = byPatient ? new Subject.OfPatient(patient) : new Subject.OfDevice(device);
        return new SeriesSelector(subject, distinct(codes));
    }

    /**
     * Checks the fields of {@link #selector}. The gate calls it for every query, so it allocates nothing for a valid
     * request.
     */
    static void checkSelector(
            boolean byPatient,
            String patient,
            boolean byDevice,
            String device,
            List<String> codes,
            Violations violations) {
        if (byPatient) {
            violations.checkIdentifier("patient_id", patient);
        } else if (byDevice) {
            violations.checkIdentifier("device_id", device);
        } else {
            violations.add("subject", "must be set: patient_id or device_id");
        }
        checkCodes(codes, violations);
    }

    static Set<String> codes(List<String> codes, Violations violations) {
        checkCodes(codes, violations);
        return distinct(codes);
    }

    private static void checkCodes(List<String> codes, Violations violations) {
        if (codes.size() > MAX_CODES) {
            violations.add("codes", "must be at most " + MAX_CODES + ", are " + codes.size());
        } else {
            violations.checkIdentifiers("codes", codes);
        }
    }

    private static Set<String> distinct(List<String> codes) {
        return codes.size() == 1 ? Set.of(codes.getFirst()) : Set.copyOf(codes);
    }

    /** Returns the patients to watch. */
    static Set<String> patients(List<String> patients, Violations violations) {
        int count = patients.size();
        violations.addUnless(
                count >= 1 && count <= MAX_WATCHED_PATIENTS,
                "patient_ids",
                "must be 1 to " + MAX_WATCHED_PATIENTS + ", are " + count);
        violations.checkIdentifiers("patient_ids", patients.subList(0, Math.min(count, MAX_WATCHED_PATIENTS)));
        return Set.copyOf(patients);
    }

    /** Returns the range of a request. It may start before 1970, although no reading has such a time. */
    static TimeRange range(boolean hasFrom, long from, boolean hasTo, long to, Violations violations) {
        long start = hasFrom ? from : 0;
        long end = hasTo ? to : Long.MAX_VALUE;
        if (start > end) {
            violations.add("from_us", "must not be after to_us");
            return TimeRange.ALL;
        }
        return new TimeRange(Math.max(0, start), Math.max(0, end));
    }

    static Order order(io.pulseplane.v1.Order order, Violations violations) {
        return switch (order) {
            case ORDER_UNSPECIFIED, ORDER_OLDEST_FIRST -> Order.OLDEST_FIRST;
            case ORDER_NEWEST_FIRST -> Order.NEWEST_FIRST;
            case UNRECOGNIZED -> {
                violations.add("order", "must be a known order");
                yield Order.OLDEST_FIRST;
            }
        };
    }

    static Grouping grouping(io.pulseplane.v1.Grouping grouping, Violations violations) {
        return switch (grouping) {
            case GROUPING_UNSPECIFIED, GROUPING_BY_CODE -> Grouping.BY_CODE;
            case GROUPING_BY_SERIES -> Grouping.BY_SERIES;
            case UNRECOGNIZED -> {
                violations.add("grouping", "must be a known grouping");
                yield Grouping.BY_CODE;
            }
        };
    }

    static double[] quantiles(List<Double> quantiles, Violations violations) {
        violations.addUnless(
                quantiles.size() <= MAX_QUANTILES,
                "quantiles",
                "must be at most " + MAX_QUANTILES + ", are " + quantiles.size());
        for (int i = 0; i < quantiles.size(); i++) {
            double quantile = quantiles.get(i);
            // The condition is false for NaN, so that it is a violation too.
            violations.addUnless(quantile >= 0 && quantile <= 1, "quantiles[" + i + "]", "must be from 0 to 1");
        }
        return quantiles.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
