package io.pulseplane.gate;

import static io.pulseplane.Readings.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.Tokens;
import io.pulseplane.api.v1.Batch;
import io.pulseplane.api.v1.Columns;
import io.pulseplane.api.v1.GetLatestRequest;
import io.pulseplane.api.v1.IngestServiceGrpc;
import io.pulseplane.api.v1.PutReadingsRequest;
import io.pulseplane.api.v1.QueryReadingsRequest;
import io.pulseplane.api.v1.QueryServiceGrpc;
import io.pulseplane.api.v1.StreamLatestRequest;
import io.pulseplane.api.v1.StreamLatestResponse;
import io.pulseplane.api.v1.WatchRequest;
import io.pulseplane.api.v1.WatchResponse;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.node.LocalTokens;
import io.pulseplane.store.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the gate does with those who come, through a real channel. */
class GateTest {

    private static final String STAFF = "authorized_medical_staff";
    private static final String HEART_RATE = "8867-4";
    private static final long T0 = 1_763_000_000_000_000L;

    @TempDir
    Path directory;

    private GatedPlane plane;
    private long sequence;

    @BeforeEach
    void open() throws IOException {
        plane = new GatedPlane(directory, GatedPlane.Choice.USUAL);
        plane.register("ada");
        plane.register("bob");
        plane.registerDevice("monitor", Device.Status.ACTIVE);
    }

    @AfterEach
    void close() {
        plane.close();
    }

    private static GetLatestRequest latestOf(String patient) {
        return GetLatestRequest.newBuilder()
                .setPatientId(patient)
                .addCodes(HEART_RATE)
                .build();
    }

    private static Call latest(Channel channel, String patient) {
        return Call.of(channel, QueryServiceGrpc.getGetLatestMethod(), latestOf(patient));
    }

    private static Call latestOfDevice(Channel channel, String device) {
        return Call.of(
                channel,
                QueryServiceGrpc.getGetLatestMethod(),
                GetLatestRequest.newBuilder().setDeviceId(device).build());
    }

    private Call put(Channel channel, String device, String patient) {
        return Call.of(channel, IngestServiceGrpc.getPutReadingsMethod(), readings(device, patient));
    }

    private static void put(Channel channel, PutReadingsRequest request) {
        assertThat(Call.of(channel, IngestServiceGrpc.getPutReadingsMethod(), request)
                        .code())
                .isEqualTo(Status.Code.OK);
    }

    private PutReadingsRequest readings(String device, String patient) {
        sequence++;
        return PutReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId(device)
                        .setPatientId(patient)
                        .setSequence(sequence)
                        .addColumns(Columns.newBuilder()
                                .setCode(HEART_RATE)
                                .setUnit("/min")
                                .setStartUs(T0 + sequence)
                                .addTimeDeltaUs(0)
                                .addValues(60)))
                .build();
    }

    private AuditRecord lastRecord() {
        return plane.newest().orElseThrow().record();
    }

    /** Answers of a stream, and how it ended. */
    private static final class Heard<T> implements StreamObserver<T> {

        private final BlockingQueue<T> answers = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status> end = new CompletableFuture<>();

        @Override
        public void onNext(T answer) {
            answers.add(answer);
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }

        T next() throws InterruptedException {
            var answer = answers.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(answer).isNotNull();
            return answer;
        }

        Status end() {
            return end.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
        }
    }

    @Nested
    class Callers {

        @Test
        void without_a_token_are_not_let_in_and_leave_one_record() {
            var call = latest(plane.stranger(), "ada");
            assertThat(call).isEqualTo(new Call(Status.Code.UNAUTHENTICATED, "a bearer token is required"));
            assertThat(plane.trail()).singleElement().satisfies(record -> {
                assertThat(record.subject()).isEmpty();
                assertThat(record.reason()).isEqualTo("unauthenticated");
                assertThat(record.patient())
                        .as("what they asked for is not even read")
                        .isEmpty();
            });
        }

        @ParameterizedTest
        @ValueSource(strings = {"Bearer", "Bearer ", "Bearer x.y.z", "Basic dXNlcjpwYXNz", "garbage", "Bearer a b"})
        void with_garbage_for_a_token_are_not_let_in(String header) {
            assertThat(latest(plane.withHeader(header), "ada").code()).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(plane.trail()).hasSize(1);
        }

        @Test
        void of_another_tenant_are_not_let_in() {
            var token = Tokens.issue(
                    directory, new LocalTokens.Wanted("eve", List.of(STAFF), "elsewhere", "", "", Duration.ofHours(1)));
            assertThat(latest(plane.with(token), "ada").code()).isEqualTo(Status.Code.UNAUTHENTICATED);
        }

        @Test
        void whose_token_has_expired_are_not_let_in_even_if_it_is_known() {
            plane.grant("ada");
            var staff = plane.as(STAFF);
            assertThat(latest(staff, "ada").code()).isEqualTo(Status.Code.OK);
            plane.later.set(TimeUnit.HOURS.toMicros(2));
            assertThat(latest(staff, "ada").code()).isEqualTo(Status.Code.UNAUTHENTICATED);
        }

        @Test
        void may_be_many_with_tokens_of_their_own() {
            plane.grant("ada");
            for (int i = 0; i < 20; i++) {
                assertThat(latest(plane.with(Tokens.of(directory, "nurse-" + i, STAFF)), "ada")
                                .code())
                        .isEqualTo(Status.Code.OK);
            }
            assertThat(plane.trail())
                    .extracting(AuditRecord::subject)
                    .doesNotHaveDuplicates()
                    .hasSize(20);
        }

        @Test
        void are_told_apart_from_those_who_spell_a_role_otherwise() {
            plane.grant("ada");
            // The local key does not make such a token; the claim is what an identity provider might send.
            assertThatThrownBy(() -> Tokens.of(directory, "somebody", "Authorized_Medical_Staff"))
                    .hasMessageContaining("role");
            assertThat(latest(plane.as("operator"), "ada").code()).isEqualTo(Status.Code.PERMISSION_DENIED);
        }

        @Test
        void bring_their_request_id_or_get_one() {
            var headers = new Metadata();
            headers.put(Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER), "trace-1");
            var traced =
                    ClientInterceptors.intercept(plane.as(STAFF), MetadataUtils.newAttachHeadersInterceptor(headers));
            latest(traced, "ada");
            assertThat(lastRecord().requestId()).isEqualTo("trace-1");
            latest(plane.as(STAFF), "ada");
            assertThat(lastRecord().requestId()).isNotEmpty().isNotEqualTo("trace-1");
        }
    }

    @Nested
    class Patients {

        @Test
        void who_did_not_consent_and_who_do_not_exist_look_alike() {
            var known = latest(plane.as(STAFF), "ada");
            var unknown = latest(plane.as(STAFF), "nobody-knows-them");
            assertThat(known).isEqualTo(unknown);
            assertThat(known.code()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(plane.trail()).extracting(AuditRecord::reason).containsOnly("no_consent");
        }

        @Test
        void are_read_by_the_next_call_after_they_consent_and_not_by_the_next_after_they_withdraw() {
            var staff = plane.as(STAFF);
            for (int i = 0; i < 5; i++) {
                assertThat(latest(staff, "ada").code()).isEqualTo(Status.Code.PERMISSION_DENIED);
                plane.grant("ada");
                assertThat(latest(staff, "ada").code()).isEqualTo(Status.Code.OK);
                plane.withdraw("ada");
            }
        }

        @Test
        void are_not_read_when_their_consent_has_expired() {
            plane.consent("ada", true, OptionalLong.of(plane.now() + TimeUnit.MINUTES.toMicros(5)));
            assertThat(latest(plane.as(STAFF), "ada").code()).isEqualTo(Status.Code.OK);
            plane.later.set(TimeUnit.MINUTES.toMicros(6));
            assertThat(latest(plane.as(STAFF), "ada").code()).isEqualTo(Status.Code.PERMISSION_DENIED);
        }

        @Test
        void are_read_of_the_codes_they_consent_to_and_no_others() {
            plane.consent("ada", true, OptionalLong.empty(), HEART_RATE);
            assertThat(latest(plane.as(STAFF), "ada").code()).isEqualTo(Status.Code.OK);
            var all = Call.of(
                    plane.as(STAFF),
                    QueryServiceGrpc.getGetLatestMethod(),
                    GetLatestRequest.newBuilder().setPatientId("ada").build());
            assertThat(all.code()).as("all codes are more than one").isEqualTo(Status.Code.PERMISSION_DENIED);
        }

        @Test
        void are_not_found_by_an_id_that_is_normalised_otherwise() {
            plane.register("zo\u00eb");
            plane.grant("zo\u00eb");
            assertThat(latest(plane.as(STAFF), "zo\u00eb").code()).isEqualTo(Status.Code.OK);
            var decomposed = Normalizer.normalize("zo\u00eb", Normalizer.Form.NFD);
            assertThat(latest(plane.as(STAFF), decomposed).code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(lastRecord().reason()).isEqualTo("malformed");
        }

        @Test
        void have_to_be_named() {
            var call = Call.of(
                    plane.as(STAFF), QueryServiceGrpc.getGetLatestMethod(), GetLatestRequest.getDefaultInstance());
            assertThat(call.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(plane.trail()).hasSize(1);
        }

        @Test
        void of_one_device_are_read_together_or_not_at_all() {
            var monitor = plane.asDevice("monitor");
            assertThat(latestOfDevice(plane.as(STAFF), "monitor").code())
                    .as("a device that measured nobody")
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(put(monitor, "monitor", "ada").code()).isEqualTo(Status.Code.OK);
            plane.grant("ada");
            assertThat(latestOfDevice(plane.as(STAFF), "monitor").code()).isEqualTo(Status.Code.OK);
            assertThat(latestOfDevice(plane.asPatient("ada"), "monitor").code())
                    .as("all of it is the patient's own")
                    .isEqualTo(Status.Code.OK);
            assertThat(put(monitor, "monitor", "bob").code()).isEqualTo(Status.Code.OK);
            assertThat(latestOfDevice(plane.as(STAFF), "monitor").code()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(latestOfDevice(plane.asPatient("ada"), "monitor").code())
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
            plane.grant("bob");
            assertThat(latestOfDevice(plane.as(STAFF), "monitor").code()).isEqualTo(Status.Code.OK);
        }
    }

    @Nested
    class Devices {

        @Test
        void write_for_themselves_only() {
            assertThat(put(plane.asDevice("monitor"), "another", "ada").code())
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(lastRecord().reason()).isEqualTo("not_own_device");
            assertThat(lastRecord().device()).isEqualTo("another");
            assertThat(plane.store
                            .series(new io.pulseplane.vitals.Subject.OfPatient("ada"))
                            .await()
                            .indefinitely())
                    .isEmpty();
        }

        @Test
        void write_while_they_are_active() {
            assertThat(put(plane.asDevice("monitor"), "monitor", "ada").code()).isEqualTo(Status.Code.OK);
            plane.registerDevice("monitor", Device.Status.MAINTENANCE);
            assertThat(put(plane.asDevice("monitor"), "monitor", "ada").code())
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(lastRecord().reason()).isEqualTo("device_not_active");
            plane.registerDevice("monitor", Device.Status.ACTIVE);
            assertThat(put(plane.asDevice("monitor"), "monitor", "ada").code()).isEqualTo(Status.Code.OK);
        }

        @Test
        void write_before_anybody_registered_them() {
            assertThat(put(plane.asDevice("fresh"), "fresh", "ada").code()).isEqualTo(Status.Code.OK);
        }
    }

    @Nested
    class Streams {

        @Test
        void of_readings_end_when_consent_is_withdrawn() throws Exception {
            plane.grant("ada");
            plane.grant("bob");
            var watch = new Heard<WatchResponse>();
            QueryServiceGrpc.newStub(plane.as(STAFF))
                    .watch(
                            WatchRequest.newBuilder()
                                    .addPatientIds("ada")
                                    .addPatientIds("bob")
                                    .build(),
                            watch);
            watch.next();
            put(plane.asDevice("monitor"), "monitor", "ada");
            assertThat(watch.next().getSeriesCount()).isEqualTo(1);
            plane.withdraw("bob");
            assertThat(watch.end().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(plane.events.entries()).contains("ended");
            assertThat(plane.trail()).anySatisfy(record -> {
                assertThat(record.patient()).isEqualTo("bob");
                assertThat(record.decision()).isEqualTo(Decision.REFUSED);
            });
        }

        @Test
        void that_a_slow_client_has_not_read_end_too() throws Exception {
            plane.grant("ada");
            // Together more than the buffers on the way hold.
            for (int day = 1; day <= 5; day++) {
                put(plane.asDevice("monitor"), manyReadings(day));
            }
            var slow = new Stalled();
            var call = plane.as(STAFF).newCall(QueryServiceGrpc.getQueryReadingsMethod(), io.grpc.CallOptions.DEFAULT);
            call.start(slow, new Metadata());
            call.sendMessage(
                    QueryReadingsRequest.newBuilder().setPatientId("ada").build());
            call.halfClose();
            await().until(() -> plane.events.entries().contains("query PERMITTED"));
            plane.withdraw("ada");
            // Whatever lies in the buffers is read, and then the end comes.
            call.request(1_000);
            assertThat(slow.end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).getCode())
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
        }

        private PutReadingsRequest manyReadings(int daysAgo) {
            var columns = Columns.newBuilder()
                    .setCode(HEART_RATE)
                    .setUnit("/min")
                    .setStartUs(T0 - TimeUnit.DAYS.toMicros(daysAgo));
            for (int i = 0; i < 100_000; i++) {
                columns.addTimeDeltaUs(1_000 + i % 7).addValues(60 + i % 11 / 10.0);
            }
            var batch = readings("monitor", "ada").getBatch().toBuilder().setColumns(0, columns);
            return PutReadingsRequest.newBuilder().setBatch(batch).build();
        }

        /** Asks for nothing by itself. */
        private static final class Stalled
                extends io.grpc.ClientCall.Listener<io.pulseplane.api.v1.QueryReadingsResponse> {

            private final CompletableFuture<Status> end = new CompletableFuture<>();

            @Override
            public void onClose(Status status, Metadata trailers) {
                end.complete(status);
            }
        }

        @Test
        void end_when_consent_expires() throws Exception {
            plane.consent("ada", true, OptionalLong.of(plane.now() + TimeUnit.MILLISECONDS.toMicros(1_500)));
            var watch = new Heard<WatchResponse>();
            QueryServiceGrpc.newStub(plane.as(STAFF))
                    .watch(WatchRequest.newBuilder().addPatientIds("ada").build(), watch);
            watch.next();
            assertThat(watch.end().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        }

        @Test
        void end_when_the_token_expires() throws Exception {
            plane.grant("ada");
            var token = Tokens.issue(
                    directory,
                    new LocalTokens.Wanted(
                            "nurse", List.of(STAFF), LocalTokens.DEFAULT_TENANT, "", "", Duration.ofSeconds(2)));
            var watch = new Heard<WatchResponse>();
            QueryServiceGrpc.newStub(plane.with(token))
                    .watch(WatchRequest.newBuilder().addPatientIds("ada").build(), watch);
            watch.next();
            assertThat(watch.end().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(lastRecord().reason()).isEqualTo("expired");
        }

        @Test
        void of_patients_who_read_their_own_go_on_whatever_they_consent_to() throws Exception {
            plane.grant("ada");
            var watch = new Heard<WatchResponse>();
            QueryServiceGrpc.newStub(plane.asPatient("ada"))
                    .watch(WatchRequest.newBuilder().addPatientIds("ada").build(), watch);
            watch.next();
            plane.withdraw("ada");
            put(plane.asDevice("monitor"), "monitor", "ada");
            assertThat(watch.next().getSeriesCount()).isEqualTo(1);
        }

        @Test
        void of_questions_are_answered_one_by_one_whether_permitted_or_not() throws Exception {
            plane.grant("ada");
            put(plane.asDevice("monitor"), "monitor", "ada");
            var answers = new Heard<StreamLatestResponse>();
            var questions = QueryServiceGrpc.newStub(plane.as(STAFF)).streamLatest(answers);
            for (var patient : List.of("ada", "bob", "ada", "")) {
                questions.onNext(StreamLatestRequest.newBuilder()
                        .setPatientId(patient)
                        .addCodes(HEART_RATE)
                        .build());
            }
            assertThat(answers.next().getReadingsCount()).isEqualTo(1);
            assertThat(answers.next().getError().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED.value());
            assertThat(answers.next().getReadingsCount()).isEqualTo(1);
            assertThat(answers.next().getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
            questions.onCompleted();
            assertThat(answers.end().isOk()).isTrue();
        }

        @Test
        void of_questions_leave_one_record_of_a_question_that_is_repeated_and_one_more_when_anything_changed()
                throws Exception {
            plane.grant("ada");
            var answers = new Heard<StreamLatestResponse>();
            var questions = QueryServiceGrpc.newStub(plane.as(STAFF)).streamLatest(answers);
            var question = StreamLatestRequest.newBuilder()
                    .setPatientId("ada")
                    .addCodes(HEART_RATE)
                    .build();
            for (int i = 0; i < 10; i++) {
                questions.onNext(question);
                assertThat(answers.next().hasError()).isFalse();
            }
            assertThat(plane.trail()).hasSize(1);
            plane.withdraw("ada");
            questions.onNext(question);
            assertThat(answers.next().getError().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED.value());
            assertThat(plane.trail()).hasSize(2);
            plane.grant("ada");
            questions.onNext(question);
            assertThat(answers.next().hasError()).isFalse();
            plane.later.set(TimeUnit.MINUTES.toMicros(2));
            questions.onNext(question);
            assertThat(answers.next().hasError()).isFalse();
            assertThat(plane.trail()).as("a record stands for a minute").hasSize(4);
            questions.onCompleted();
        }
    }

    @Nested
    class TheTrail {

        @Test
        void says_who_asked_for_what_of_whom_and_by_which_policy() {
            plane.grant("ada");
            latest(plane.as(STAFF), "ada");
            assertThat(plane.trail()).singleElement().satisfies(record -> {
                assertThat(record.timeUs()).isBetween(plane.now() - PATIENCE.toNanos() / 1_000, plane.now());
                assertThat(record.subject()).isEqualTo("somebody");
                assertThat(record.role()).isEqualTo(STAFF);
                assertThat(record.tenant()).isEqualTo(LocalTokens.DEFAULT_TENANT);
                assertThat(record.action()).isEqualTo("query");
                assertThat(record.rpc()).isEqualTo("pulseplane.v1.QueryService/GetLatest");
                assertThat(record.patient()).isEqualTo("ada");
                assertThat(record.codes()).containsExactly(HEART_RATE);
                assertThat(record.decision()).isEqualTo(Decision.PERMITTED);
                assertThat(record.policy()).startsWith("sha256:");
                assertThat(record.peer()).startsWith("127.0.0.1:");
            });
        }

        @Test
        void that_cannot_be_written_keeps_everybody_out() {
            plane.grant("ada");
            put(plane.asDevice("monitor"), "monitor", "ada");
            plane.audit.close();
            assertThat(latest(plane.as(STAFF), "ada").code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(latest(plane.as(STAFF), "bob").code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(latest(plane.stranger(), "ada").code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(put(plane.asDevice("monitor"), "monitor", "ada").code()).isEqualTo(Status.Code.UNAVAILABLE);
        }
    }

    @Nested
    class Bounds {

        private GatedPlane bounded;

        private GatedPlane with(GatedPlane.Choice choice) throws IOException {
            bounded = new GatedPlane(directory.resolve("bounded"), choice);
            bounded.register("ada");
            bounded.grant("ada");
            return bounded;
        }

        @AfterEach
        void close() {
            if (bounded != null) {
                bounded.close();
            }
        }

        @Test
        void hold_for_each_subject() throws IOException {
            var plane = with(GatedPlane.Choice.USUAL.withRates(5, 0));
            var greedy = plane.with(Tokens.of(plane.directory(), "greedy", STAFF));
            var codes = new java.util.ArrayList<Status.Code>();
            for (int i = 0; i < 20; i++) {
                codes.add(latest(greedy, "ada").code());
            }
            assertThat(codes).contains(Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED);
            assertThat(plane.events.entries()).contains("query LIMITED");
            assertThat(latest(plane.with(Tokens.of(plane.directory(), "modest", STAFF)), "ada")
                            .code())
                    .isEqualTo(Status.Code.OK);
        }

        @Test
        void say_when_to_come_back() throws IOException {
            var plane = with(GatedPlane.Choice.USUAL.withRates(1, 0));
            var staff = QueryServiceGrpc.newBlockingStub(plane.as(STAFF));
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 10; i++) {
                            staff.getLatest(latestOf("ada"));
                        }
                    })
                    .isInstanceOfSatisfying(StatusRuntimeException.class, refusal -> {
                        assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
                        assertThat(io.grpc.protobuf.StatusProto.fromThrowable(refusal)
                                        .getDetailsList())
                                .anyMatch(detail -> detail.is(com.google.rpc.RetryInfo.class));
                    });
        }

        @Test
        void keep_strangers_from_filling_the_trail() throws IOException {
            var plane = with(GatedPlane.Choice.USUAL.withRates(0, 5));
            for (int i = 0; i < 50; i++) {
                latest(plane.stranger(), "ada");
            }
            assertThat(plane.trail()).hasSizeBetween(5, 20);
            assertThat(latest(plane.as(STAFF), "ada").code())
                    .as("who can say who they are is not kept out by them")
                    .isEqualTo(Status.Code.OK);
        }

        @Test
        void hold_for_the_connections_of_an_address() throws IOException {
            var plane = with(GatedPlane.Choice.USUAL.withMaxConnections(2));
            var staff = Tokens.bearer(Tokens.of(plane.directory(), "somebody", STAFF));
            assertThat(latest(ClientInterceptors.intercept(plane.stranger(), staff), "ada")
                            .code())
                    .isEqualTo(Status.Code.OK);
            var second = plane.connect();
            assertThat(latest(ClientInterceptors.intercept(second, staff), "ada")
                            .code())
                    .isEqualTo(Status.Code.OK);
            var third = plane.connect();
            assertThat(latest(ClientInterceptors.intercept(third, staff), "ada").code())
                    .as("the connection is closed, which clients see in one way or the other")
                    .isIn(Status.Code.UNAVAILABLE, Status.Code.INTERNAL);
            assertThat(plane.events.entries()).contains("connection refused");
            third.shutdownNow();
            second.shutdownNow();
            await().until(() -> latest(ClientInterceptors.intercept(plane.connect(), staff), "ada")
                            .code()
                    == Status.Code.OK);
        }
    }

    @Test
    void refuses_an_rpc_without_a_rule_whoever_calls() {
        for (var channel : List.of(plane.as("clinical_admin"), plane.as(STAFF), plane.stranger())) {
            assertThat(Call.of(channel, GatedPlane.STRAY, GetLatestRequest.getDefaultInstance()))
                    .isEqualTo(new Call(Status.Code.PERMISSION_DENIED, "not permitted: no_rule"));
            assertThat(lastRecord().reason()).isEqualTo("no_rule");
            assertThat(lastRecord().rpc()).isEqualTo(GatedPlane.STRAY.getFullMethodName());
        }
    }
}
