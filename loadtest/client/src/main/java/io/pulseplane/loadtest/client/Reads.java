package io.pulseplane.loadtest.client;

import io.grpc.MethodDescriptor;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.Function;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import java.io.IOException;
import java.util.List;

/** Measures queries for a range and for windows of a series with one reading a second, one query at a time. */
final class Reads {

    private static final long SECOND_US = 1_000_000;
    private static final long DAY_US = 86_400 * SECOND_US;
    private static final long MINUTE_US = 60 * SECOND_US;

    private final Harness harness;
    private final Report report;

    Reads(Harness harness, Report report) {
        this.harness = harness;
        this.report = report;
    }

    void measure(Plane plane, long monthStart) throws IOException, InterruptedException {
        var rows = report.table(
                "Ranges and windows",
                "One caller, one query at a time; milliseconds to the last byte.",
                "what",
                "answers/s",
                "p50",
                "p99",
                "max",
                "failed");
        long lastDay = monthStart + 29 * DAY_US;
        rows.add(row(
                plane,
                "a day of a series: 86,400 readings",
                QueryServiceGrpc.getQueryReadingsMethod(),
                QueryReadingsRequest.newBuilder()
                        .setPatientId(SeedData.MONTH_PATIENT)
                        .addCodes(SeedData.HEART_RATE)
                        .setFromUs(lastDay)
                        .setToUs(lastDay + DAY_US)
                        .build()));
        rows.add(row(
                plane,
                "windows of a minute over 30 days: 2.6 million readings",
                QueryServiceGrpc.getAggregateMethod(),
                AggregateRequest.newBuilder()
                        .setPatientId(SeedData.MONTH_PATIENT)
                        .addCodes(SeedData.HEART_RATE)
                        .setFromUs(monthStart)
                        .setToUs(monthStart + 30 * DAY_US)
                        .setWindowUs(MINUTE_US)
                        .addFunctions(Function.FUNCTION_MEAN)
                        .addFunctions(Function.FUNCTION_MIN)
                        .addFunctions(Function.FUNCTION_MAX)
                        .build()));
        rows.add(row(
                plane,
                "windows of a minute over an hour, repeated: 3,600 readings",
                QueryServiceGrpc.getAggregateMethod(),
                AggregateRequest.newBuilder()
                        .setPatientId(SeedData.MONTH_PATIENT)
                        .addCodes(SeedData.HEART_RATE)
                        .setFromUs(lastDay)
                        .setToUs(lastDay + 60 * MINUTE_US)
                        .setWindowUs(MINUTE_US)
                        .build()));
        rows.add(row(
                plane,
                "statistics of an hour: 3,600 readings",
                QueryServiceGrpc.getGetStatisticsMethod(),
                GetStatisticsRequest.newBuilder()
                        .setPatientId(SeedData.MONTH_PATIENT)
                        .addCodes(SeedData.HEART_RATE)
                        .setFromUs(lastDay)
                        .setToUs(lastDay + 60 * MINUTE_US)
                        .build()));
    }

    private <Q, R> List<Object> row(Plane plane, String label, MethodDescriptor<Q, R> method, Q request)
            throws IOException, InterruptedException {
        var caller = Tokens.headers(plane.tokens().ofRole("authorized_medical_staff"));
        var outcome = harness.sequential(label, plane, CallGenerator.of(caller, method, _ -> request));
        return List.of(
                label,
                outcome.perSecond(),
                outcome.millis(50),
                outcome.millis(99),
                outcome.maxMillis(),
                outcome.failuresText());
    }
}
