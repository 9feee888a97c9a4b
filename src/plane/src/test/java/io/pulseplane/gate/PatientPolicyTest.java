package io.pulseplane.gate;

import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.gate.GateRequests.HEART_RATE;
import static io.pulseplane.gate.GateRequests.STAFF;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.Tokens;
import io.pulseplane.assignment.PatientPolicy;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.node.LocalTokens;
import io.pulseplane.store.Device;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.QueryServiceGrpc.QueryServiceBlockingStub;
import io.pulseplane.v1.Reading;
import io.pulseplane.v1.RejectionReason;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import io.pulseplane.v1.WatchRequest;
import io.pulseplane.v1.WatchResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** For which patients a device may write, under every policy, through a real channel. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PatientPolicyTest {

    private static final long T0 = 1_763_000_000_000_000L;
    private static final String PULSE = "8889-8";

    /** What holds between the device and the patient that it writes for, at the time of the reading. */
    private enum Relation {
        NONE,
        ASSIGNED,
        ASSIGNED_TO_ANOTHER,
        ASSIGNMENT_ENDED,
        ASSIGNMENT_BEGINS_LATER,
        NAMED_BY_TOKEN,
        ANOTHER_NAMED_BY_TOKEN
    }

    private enum Outcome {
        /** The plane takes the reading, and whoever queries the patient finds it. */
        SERVED,
        /** The plane takes the reading, and only who queries the device finds it. */
        KEPT_APART,
        /** The plane acknowledges the batch and rejects the reading. */
        REJECTED,
        /** The gate refuses the batch. */
        REFUSED
    }

    /** How a batch is sent. */
    private enum Transport {
        UNARY,
        STREAM
    }

    private static Outcome expected(PatientPolicy policy, Relation relation) {
        return switch (policy) {
            case ANY -> Outcome.SERVED;
            case PROVISIONAL ->
                switch (relation) {
                    case ASSIGNED, ASSIGNMENT_BEGINS_LATER -> Outcome.SERVED;
                    default -> Outcome.KEPT_APART;
                };
            case ASSIGNED -> relation == Relation.ASSIGNED ? Outcome.SERVED : Outcome.REJECTED;
            case CLAIMED -> relation == Relation.NAMED_BY_TOKEN ? Outcome.SERVED : Outcome.REFUSED;
        };
    }

    private static Stream<Arguments> table() {
        return Stream.of(PatientPolicy.values())
                .flatMap(policy -> Stream.of(Relation.values())
                        .flatMap(relation -> Stream.of(Transport.values())
                                .map(transport -> Arguments.of(policy, relation, transport))));
    }

    private final Map<PatientPolicy, GatedPlane> planes = new EnumMap<>(PatientPolicy.class);
    private int tests;
    private long sequence;
    private String ada;
    private String bob;
    private String monitor;

    /** Writes for the patient under every policy. */
    private String witness;

    @BeforeAll
    void open(@TempDir Path directory) throws IOException {
        for (var policy : PatientPolicy.values()) {
            planes.put(
                    policy,
                    new GatedPlane(
                            Files.createDirectory(directory.resolve(policy.name())),
                            GatedPlane.Options.DEFAULTS.withPatients(policy)));
        }
    }

    @AfterAll
    void close() {
        planes.values().forEach(GatedPlane::close);
    }

    @BeforeEach
    void begin() {
        tests++;
        ada = "ada-" + tests;
        bob = "bob-" + tests;
        monitor = "monitor-" + tests;
        witness = "witness-" + tests;
        for (var plane : planes.values()) {
            plane.register(ada);
            plane.register(bob);
            plane.registerDevice(monitor, Device.Status.ACTIVE);
            plane.registerDevice(witness, Device.Status.ACTIVE);
            plane.grant(ada);
            plane.grant(bob);
            assign(plane, witness, ada, T0 - 1);
        }
    }

    private static void assign(GatedPlane plane, String device, String patient, long from) {
        await(plane.gate.registry().assign(device, patient, from));
    }

    private static void release(GatedPlane plane, String device, long to) {
        await(plane.gate.registry().release(device, to));
    }

    private Channel channel(GatedPlane plane, String device, String... patients) {
        return plane.with(Tokens.issue(
                plane.directory(),
                new LocalTokens.Claims(
                        device,
                        List.of("device"),
                        LocalTokens.DEFAULT_TENANT,
                        "",
                        device,
                        Duration.ofHours(1),
                        "",
                        List.of(patients))));
    }

    private Channel relate(GatedPlane plane, Relation relation, long time) {
        switch (relation) {
            case ASSIGNED -> assign(plane, monitor, ada, time - 1);
            case ASSIGNED_TO_ANOTHER -> assign(plane, monitor, bob, time - 1);
            case ASSIGNMENT_ENDED -> {
                assign(plane, monitor, ada, time - 2);
                release(plane, monitor, time);
            }
            case ASSIGNMENT_BEGINS_LATER -> assign(plane, monitor, ada, time + 1);
            case NONE, NAMED_BY_TOKEN, ANOTHER_NAMED_BY_TOKEN -> {
                // Nothing in the registry.
            }
        }
        return switch (relation) {
            case NAMED_BY_TOKEN -> channel(plane, monitor, "somebody", ada);
            case ANOTHER_NAMED_BY_TOKEN -> channel(plane, monitor, bob);
            default -> channel(plane, monitor);
        };
    }

    private Batch batch(String device, String patient, String code, long time, double value) {
        return Batch.newBuilder()
                .setDeviceId(device)
                .setPatientId(patient)
                .setSequence(++sequence)
                .addColumns(Columns.newBuilder()
                        .setCode(code)
                        .setUnit("/min")
                        .setStartUs(time)
                        .addTimeDeltaUs(0)
                        .addValues(value))
                .build();
    }

    private static Acknowledgement put(Channel channel, Batch batch) {
        return IngestServiceGrpc.newBlockingStub(channel)
                .putReadings(PutReadingsRequest.newBuilder().setBatch(batch).build())
                .getAcknowledgement();
    }

    /** Keeps what a stream answers. */
    private static final class Answers<T> implements StreamObserver<T> {

        private final BlockingQueue<T> queue = new LinkedBlockingQueue<>();

        @Override
        public void onNext(T answer) {
            queue.add(answer);
        }

        @Override
        public void onError(Throwable failure) {
            // The test misses the next answer.
        }

        @Override
        public void onCompleted() {
            // The test asks for no more.
        }

        T next() throws InterruptedException {
            var answer = queue.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            assertThat(answer).isNotNull();
            return answer;
        }
    }

    /** Returns the acknowledgement. Throws the refusal of the batch, however it was sent. */
    private static Acknowledgement send(Transport transport, Channel channel, Batch batch) throws InterruptedException {
        if (transport == Transport.UNARY) {
            return put(channel, batch);
        }
        var answers = new Answers<StreamReadingsResponse>();
        var requests = IngestServiceGrpc.newStub(channel).streamReadings(answers);
        requests.onNext(StreamReadingsRequest.newBuilder().setBatch(batch).build());
        var answer = answers.next();
        requests.onCompleted();
        if (answer.hasRefused()) {
            throw StatusProto.toStatusRuntimeException(answer.getRefused().getError());
        }
        return answer.getAcknowledgement();
    }

    private static QueryServiceBlockingStub query(GatedPlane plane) {
        return QueryServiceGrpc.newBlockingStub(plane.as(STAFF));
    }

    private static GetLatestRequest latestOfPatient(String patient) {
        return GetLatestRequest.newBuilder()
                .setPatientId(patient)
                .addCodes(HEART_RATE)
                .build();
    }

    private static List<Double> latest(GatedPlane plane, String patient) {
        return query(plane).getLatest(latestOfPatient(patient)).getReadingsList().stream()
                .map(Reading::getValue)
                .toList();
    }

    /** What every rpc says of the patient's heart rate, as a list of values. */
    private static Map<String, List<Double>> answers(GatedPlane plane, String patient) throws InterruptedException {
        var query = query(plane);
        var streamed = new Answers<StreamLatestResponse>();
        var questions = QueryServiceGrpc.newStub(plane.as(STAFF)).streamLatest(streamed);
        questions.onNext(StreamLatestRequest.newBuilder()
                .setPatientId(patient)
                .addCodes(HEART_RATE)
                .build());
        var latestOfStream = streamed.next();
        questions.onCompleted();
        var range = query.queryReadings(QueryReadingsRequest.newBuilder()
                .setPatientId(patient)
                .addCodes(HEART_RATE)
                .build());
        var windows = AggregateRequest.newBuilder()
                .setPatientId(patient)
                .addCodes(HEART_RATE)
                .setWindowUs(1_000_000);
        var statistics = GetStatisticsRequest.newBuilder().setPatientId(patient).addCodes(HEART_RATE);
        return Map.of(
                "GetLatest",
                latest(plane, patient),
                "StreamLatest",
                latestOfStream.getReadingsList().stream().map(Reading::getValue).toList(),
                "QueryReadings",
                collect(
                        range,
                        (page, values) -> page.getSeriesList()
                                .forEach(series ->
                                        values.addAll(series.getColumns().getValuesList()))),
                "Aggregate",
                collect(query.aggregate(windows.build()), (page, values) -> values.addAll(page.getMeanList())),
                "Aggregate with quantiles",
                collect(
                        query.aggregate(windows.addQuantiles(0.5).build()),
                        (page, values) -> values.addAll(page.getMeanList())),
                "GetStatistics",
                query.getStatistics(statistics.build()).getStatisticsList().stream()
                        .map(group -> group.getMean())
                        .toList());
    }

    private static <T> List<Double> collect(
            Iterator<T> pages, java.util.function.BiConsumer<T, List<Double>> addValues) {
        var values = new ArrayList<Double>();
        Consumer<T> add = page -> addValues.accept(page, values);
        pages.forEachRemaining(add);
        return values;
    }

    @ParameterizedTest(name = "{0}, {1}, {2}")
    @MethodSource("table")
    void decides_by_the_policy_of_the_plane(PatientPolicy policy, Relation relation, Transport transport)
            throws Exception {
        var plane = planes.get(policy);
        var channel = relate(plane, relation, T0);
        var watch = watch(plane, ada);
        var outcome = expected(policy, relation);
        var batch = batch(monitor, ada, HEART_RATE, T0, 61);

        if (outcome == Outcome.REFUSED) {
            assertThat(statusOf(() -> send(transport, channel, batch)))
                    .satisfies(status -> assertThat(status.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED))
                    .satisfies(status ->
                            assertThat(status.getDescription()).isEqualTo("not permitted: patient_not_claimed"));
            assertThat(plane.lastEntry().orElseThrow().record().decision()).isEqualTo(Decision.REFUSED);
        } else {
            var acknowledgement = send(transport, channel, batch);
            if (outcome == Outcome.REJECTED) {
                assertThat(acknowledgement.getAccepted()).isZero();
                assertThat(acknowledgement.getRejectionsList())
                        .singleElement()
                        .satisfies(rejection -> assertThat(rejection.getReason())
                                .isEqualTo(RejectionReason.REJECTION_REASON_NOT_ASSIGNED));
            } else {
                assertThat(acknowledgement.getAccepted()).isEqualTo(1);
                assertThat(acknowledgement.getRejectionsCount()).isZero();
            }
        }

        var served = outcome == Outcome.SERVED ? List.of(61.0) : List.<Double>of();
        assertThat(answers(plane, ada))
                .allSatisfy((rpc, values) -> assertThat(values).as(rpc).isEqualTo(served));
        put(channel(plane, witness, ada), batch(witness, ada, PULSE, T0, 99));
        var watched = new ArrayList<Double>();
        while (!watched.contains(99.0)) {
            watch.next()
                    .getSeriesList()
                    .forEach(series -> watched.addAll(series.getColumns().getValuesList()));
        }
        assertThat(watched)
                .isEqualTo(Stream.concat(served.stream(), Stream.of(99.0)).toList());
        if (outcome == Outcome.SERVED || outcome == Outcome.KEPT_APART) {
            var ofDevice = query(plane)
                    .getLatest(
                            GetLatestRequest.newBuilder().setDeviceId(monitor).build());
            assertThat(ofDevice.getReadingsList())
                    .singleElement()
                    .satisfies(reading -> assertThat(reading.getValue()).isEqualTo(61));
        }
    }

    private static Status statusOf(java.util.concurrent.Callable<?> call) throws Exception {
        try {
            var answer = call.call();
            throw new AssertionError("not refused: " + answer);
        } catch (StatusRuntimeException e) {
            return e.getStatus();
        }
    }

    private static Answers<WatchResponse> watch(GatedPlane plane, String patient) throws InterruptedException {
        var watch = new Answers<WatchResponse>();
        QueryServiceGrpc.newStub(plane.as(STAFF))
                .watch(WatchRequest.newBuilder().addPatientIds(patient).build(), watch);
        watch.next();
        return watch;
    }

    @Test
    void a_strangers_reading_does_not_become_a_patients_latest() throws Exception {
        var plane = planes.get(PatientPolicy.PROVISIONAL);
        put(channel(plane, witness), batch(witness, ada, HEART_RATE, T0, 72));
        assertThat(latest(plane, ada)).containsExactly(72.0);
        put(channel(plane, monitor), batch(monitor, ada, HEART_RATE, T0 + 1, 33));
        assertThat(answers(plane, ada))
                .allSatisfy((rpc, values) -> assertThat(values).as(rpc).containsExactly(72.0));
    }

    @Test
    void readings_of_a_device_that_the_plane_registered_itself_are_kept_apart() {
        var plane = planes.get(PatientPolicy.PROVISIONAL);
        var unknown = "unknown-" + tests;
        put(channel(plane, unknown), batch(unknown, ada, HEART_RATE, T0, 33));
        assertThat(latest(plane, ada)).isEmpty();
        assign(plane, unknown, ada, T0);
        assertThat(latest(plane, ada)).containsExactly(33.0);
    }

    @Test
    void an_assignment_makes_earlier_readings_appear_at_once() throws Exception {
        var plane = planes.get(PatientPolicy.PROVISIONAL);
        var watch = watch(plane, ada);
        put(channel(plane, monitor), batch(monitor, ada, HEART_RATE, T0, 61));
        assertThat(latest(plane, ada)).isEmpty();
        assign(plane, monitor, ada, T0 + 1);
        assertThat(answers(plane, ada))
                .allSatisfy((rpc, values) -> assertThat(values).as(rpc).containsExactly(61.0));
        put(channel(plane, monitor), batch(monitor, ada, HEART_RATE, T0 + 2, 62));
        assertThat(latest(plane, ada)).containsExactly(62.0);
        assertThat(watch.next().getSeries(0).getColumns().getValuesList()).containsExactly(62.0);
    }

    @Test
    void the_end_of_an_assignment_keeps_what_was_measured_before_it() throws Exception {
        var plane = planes.get(PatientPolicy.PROVISIONAL);
        assign(plane, monitor, ada, T0);
        put(channel(plane, monitor), batch(monitor, ada, HEART_RATE, T0 + 1, 61));
        put(channel(plane, monitor), batch(monitor, ada, HEART_RATE, T0 + 5, 33));
        assertThat(latest(plane, ada)).containsExactly(33.0);
        assign(plane, monitor, bob, T0 + 5);
        assertThat(answers(plane, ada))
                .allSatisfy((rpc, values) -> assertThat(values).as(rpc).containsExactly(61.0));
        assertThat(latest(plane, bob)).isEmpty();
    }

    @Test
    void a_rejected_batch_that_comes_again_after_the_assignment_is_stored() {
        var plane = planes.get(PatientPolicy.ASSIGNED);
        var batch = batch(monitor, ada, HEART_RATE, T0, 61);
        assertThat(put(channel(plane, monitor), batch).getRejectionsCount()).isEqualTo(1);
        assign(plane, monitor, ada, T0);
        var again = put(channel(plane, monitor), batch);
        assertThat(again.getAccepted()).isEqualTo(1);
        assertThat(again.getRejectionsCount()).isZero();
        assertThat(latest(plane, ada)).containsExactly(61.0);
    }

    @Test
    void only_the_readings_outside_of_the_assignment_are_rejected() {
        var plane = planes.get(PatientPolicy.ASSIGNED);
        assign(plane, monitor, ada, T0 + 1);
        release(plane, monitor, T0 + 3);
        var batch = batch(monitor, ada, HEART_RATE, T0, 60).toBuilder();
        batch.getColumnsBuilder(0).addAllTimeDeltaUs(List.of(1L, 1L, 1L)).addAllValues(List.of(61.0, 62.0, 63.0));
        var acknowledgement = put(channel(plane, monitor), batch.build());
        assertThat(acknowledgement.getAccepted()).isEqualTo(2);
        assertThat(acknowledgement.getRejections(0).getIndexesList()).containsExactly(0, 3);
        assertThat(latest(plane, ada)).containsExactly(62.0);
    }
}
