package io.pulseplane.loadtest.client;

import io.grpc.Metadata;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.RegistryServiceGrpc;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * Fills a plane before a measurement: patients who consent, each with a monitor, and one patient with a month of heart
 * rates. Values vary as those of patients do, so that they compress as in a ward.
 */
final class SeedData {

    /** The baseline of a vital sign, and how far values vary from it. */
    private record Sign(String code, String unit, double baseline, double spread) {}

    private static final List<Sign> SIGNS = List.of(
            new Sign("8867-4", "/min", 75, 20),
            new Sign("59408-5", "%", 96, 3),
            new Sign("9279-1", "/min", 16, 5),
            new Sign("8310-5", "Cel", 37, 1),
            new Sign("2339-0", "mg/dL", 110, 30));

    static final String HEART_RATE = "8867-4";
    static final String MONTH_PATIENT = "p-long";
    static final String MONTH_DEVICE = "m-long";
    static final int MONTH_SECONDS = 30 * 24 * 3_600;

    private static final long SECOND_US = 1_000_000;
    private static final int MONTH_BATCH_READINGS = 60_000;
    private static final int CONCURRENT_CALLS = 128;

    /** Monitors that many patients share. */
    private static final int WARDS = 64;

    private final Plane plane;
    private final Tokens tokens;
    private final int patients;

    /** The time after the last reading, in microseconds since the epoch. */
    private final long end = Instant.now().getEpochSecond() * SECOND_US;

    SeedData(Plane plane, int patients) {
        this.plane = plane;
        this.tokens = plane.tokens();
        this.patients = patients;
    }

    /** @param readings number of readings of each series */
    Outcome fill(int readings) throws InterruptedException {
        var batches = new CallGenerator<>(
                IngestServiceGrpc.getPutReadingsMethod(),
                number -> request(
                        batch(patient(number), device(number), 1, end - readings * SECOND_US, signs(), readings)),
                asDevices());
        var outcome = call(batches, CONCURRENT_CALLS, patients);
        grantConsent(0, patients, SeedData::patient);
        return outcome;
    }

    /**
     * Stores one reading of each series, from the patient with this number on. Patients share monitors, because a token
     * for each monitor takes longer than the rest.
     */
    void fillByWard(int from) throws InterruptedException {
        var callers = IntStream.range(0, WARDS)
                .mapToObj(ward -> Tokens.headers(tokens.ofDevice(ward(ward))))
                .toList();
        var batches = new CallGenerator<>(
                IngestServiceGrpc.getPutReadingsMethod(),
                number -> request(batch(
                        patient(from + number),
                        ward(from + number),
                        1 + (from + number) / WARDS,
                        end - SECOND_US,
                        signs(),
                        1)),
                number -> callers.get((int) ((from + number) % WARDS)));
        call(batches, CONCURRENT_CALLS, patients - from);
        grantConsent(from, patients - from, SeedData::patient);
    }

    void put(String device, Batch batch) throws InterruptedException {
        var caller = Tokens.headers(tokens.ofDevice(device));
        call(CallGenerator.of(caller, IngestServiceGrpc.getPutReadingsMethod(), _ -> request(batch)), 1, 1);
    }

    private <Q, R> Outcome call(CallGenerator<Q, R> calls, int concurrency, long count) throws InterruptedException {
        try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
            return ClosedLoop.runCount(connections, calls, concurrency, count);
        }
    }

    private static String ward(long number) {
        return "w-" + number % WARDS;
    }

    /** Stores a month of one series with a reading a second. */
    void fillMonth() throws InterruptedException {
        var headers = Tokens.headers(tokens.ofDevice(MONTH_DEVICE));
        var sign = SIGNS.getFirst();
        var batches = CallGenerator.of(headers, IngestServiceGrpc.getPutReadingsMethod(), number -> {
            long start = monthStart() + number * MONTH_BATCH_READINGS * SECOND_US;
            int size = (int) Math.min(MONTH_BATCH_READINGS, MONTH_SECONDS - number * MONTH_BATCH_READINGS);
            return request(Batch.newBuilder()
                    .setPatientId(MONTH_PATIENT)
                    .setDeviceId(MONTH_DEVICE)
                    .setSequence(number + 1)
                    .addColumns(columns(sign, start, size, number))
                    .build());
        });
        call(batches, 2, (MONTH_SECONDS + MONTH_BATCH_READINGS - 1) / MONTH_BATCH_READINGS);
        grantConsent(0, 1, _ -> MONTH_PATIENT);
    }

    long monthStart() {
        return end - MONTH_SECONDS * SECOND_US;
    }

    void grantConsent(long from, long count, LongFunction<String> patient) throws InterruptedException {
        var admin = Tokens.headers(tokens.ofRole("clinical_admin"));
        var consents = CallGenerator.of(
                admin,
                RegistryServiceGrpc.getPutConsentMethod(),
                number -> PutConsentRequest.newBuilder()
                        .setConsent(Consent.newBuilder()
                                .setPatientId(patient.apply(from + number))
                                .setGranted(true)
                                .setFromUs(0)
                                .setRecordedBy("loadtest"))
                        .build());
        call(consents, CONCURRENT_CALLS, count);
    }

    /** The headers of each patient's own monitor. */
    private LongFunction<Metadata> asDevices() {
        return number -> Tokens.headers(tokens.ofDevice(device(number)));
    }

    static String patient(long number) {
        return String.format(Locale.ROOT, "p-%05d", number + 1);
    }

    static String device(long number) {
        return String.format(Locale.ROOT, "m-%05d", number + 1);
    }

    /** A batch with a reading a second from a time on, for the first vital signs in the list. */
    static Batch batch(String patient, String device, long sequence, long start, int signs, int readings) {
        var batch = Batch.newBuilder().setPatientId(patient).setDeviceId(device).setSequence(sequence);
        for (var sign : SIGNS.subList(0, signs)) {
            batch.addColumns(columns(sign, start, readings, start / SECOND_US));
        }
        return batch.build();
    }

    /** The same readings at another time: cheaper than a new batch. */
    static Batch shifted(Batch batch, String device, long sequence, long start) {
        var shifted = batch.toBuilder().setDeviceId(device).setSequence(sequence);
        shifted.getColumnsBuilderList().forEach(columns -> columns.setStartUs(start));
        return shifted.build();
    }

    static int signs() {
        return SIGNS.size();
    }

    private static PutReadingsRequest request(Batch batch) {
        return PutReadingsRequest.newBuilder().setBatch(batch).build();
    }

    private static Columns columns(Sign sign, long start, int size, long seed) {
        var columns = Columns.newBuilder().setCode(sign.code).setUnit(sign.unit).setStartUs(start);
        long random = seed * 0x9E3779B97F4A7C15L + 1;
        double walk = 0;
        for (int i = 0; i < size; i++) {
            random = random * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
            walk = 0.98 * walk + (random >> 40) / (double) (1 << 23) * 0.2;
            double value = sign.baseline + sign.spread * Math.clamp(walk, -1, 1);
            columns.addTimeDeltaUs(i == 0 ? 0 : SECOND_US).addValues(Math.round(value * 10) / 10.0);
        }
        return columns.build();
    }
}
