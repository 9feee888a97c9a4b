package io.pulseplane.api;

import io.pulseplane.query.SeriesGroup.Grouping;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.util.List;
import java.util.Set;

/** Reads what the messages of queries have in common, and collects what is wrong with it. */
final class QueryRequestReader {

    private static final int MAX_WATCHED_PATIENTS = 1_000;

    private static final int MAX_CODES = 100;
    private static final int MAX_QUANTILES = 20;

    private QueryRequestReader() {}

    /** The codes and the one of both ids that is set; the other is empty. */
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

    /** What {@link #selector} finds wrong. On every query's way through the gate, so it allocates nothing if that is nothing. */
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

    /** Who is to be watched. */
    static Set<String> patients(List<String> patients, Violations violations) {
        int count = patients.size();
        violations.addUnless(
                count >= 1 && count <= MAX_WATCHED_PATIENTS,
                "patient_ids",
                "must be 1 to " + MAX_WATCHED_PATIENTS + ", are " + count);
        violations.checkIdentifiers("patient_ids", patients.subList(0, Math.min(count, MAX_WATCHED_PATIENTS)));
        return Set.copyOf(patients);
    }

    /** Times before 1970 have no readings; a range may begin there all the same. */
    static TimeRange range(boolean hasFrom, long from, boolean hasTo, long to, Violations violations) {
        long first = hasFrom ? from : 0;
        long end = hasTo ? to : Long.MAX_VALUE;
        if (first > end) {
            violations.add("from_us", "must not be after to_us");
            return TimeRange.ALL;
        }
        return new TimeRange(Math.max(0, first), Math.max(0, end));
    }

    static Order order(io.pulseplane.v1.Order order, Violations violations) {
        return switch (order) {
            case ORDER_UNSPECIFIED, ORDER_OLDEST_FIRST -> Order.OLDEST_FIRST;
            case ORDER_NEWEST_FIRST -> Order.NEWEST_FIRST;
            case UNRECOGNIZED -> {
                violations.add("order", "must be one of the orders there are");
                yield Order.OLDEST_FIRST;
            }
        };
    }

    static Grouping grouping(io.pulseplane.v1.Grouping grouping, Violations violations) {
        return switch (grouping) {
            case GROUPING_UNSPECIFIED, GROUPING_BY_CODE -> Grouping.BY_CODE;
            case GROUPING_BY_SERIES -> Grouping.BY_SERIES;
            case UNRECOGNIZED -> {
                violations.add("grouping", "must be one of the groupings there are");
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
            // Written so that NaN is refused as well.
            violations.addUnless(quantile >= 0 && quantile <= 1, "quantiles[" + i + "]", "must be from 0 to 1");
        }
        return quantiles.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
