package io.pulseplane.gate;

import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.gate.GateRequests.HEART_RATE;
import static io.pulseplane.gate.GateRequests.STAFF;
import static io.pulseplane.gate.GateRequests.latest;
import static io.pulseplane.gate.GateRequests.latestOfDevice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.pulseplane.api.Tokens;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.node.LocalTokens;
import io.pulseplane.store.Device;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.vitals.Subject;
import java.io.IOException;
import java.text.Normalizer;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which calls the gate permits, through a real channel. */
class GateTest extends GatedPlaneTestBase {

    @Nested
    class Callers {

        @Test
        void without_a_token_are_not_let_in_and_leave_one_record() {
            var call = latest(plane.anonymous(), ada);
            assertThat(call).isEqualTo(new CallResult(Status.Code.UNAUTHENTICATED, "a bearer token is required"));
            assertThat(auditRecords()).singleElement().satisfies(record -> {
                assertThat(record.subject()).isEmpty();
                assertThat(record.reason()).isEqualTo("unauthenticated");
                assertThat(record.patient()).as("the request is not even read").isEmpty();
            });
        }

        @ParameterizedTest
        @ValueSource(strings = {"Bearer", "Bearer ", "Bearer x.y.z", "Basic dXNlcjpwYXNz", "garbage", "Bearer a b"})
        void with_garbage_for_a_token_are_not_let_in(String header) {
            assertThat(latest(plane.withHeader(header), ada).code()).isEqualTo(Status.Code.UNAUTHENTICATED);
            assertThat(auditRecords()).hasSize(1);
        }

        @Test
        void of_another_tenant_are_not_let_in() {
            var token = Tokens.issue(
                    directory, new LocalTokens.Claims("eve", List.of(STAFF), "elsewhere", "", "", Duration.ofHours(1)));
            assertThat(latest(plane.with(token), ada).code()).isEqualTo(Status.Code.UNAUTHENTICATED);
        }

        @Test
        void with_a_token_for_one_rpc_may_call_no_other() {
            plane.grant(ada);
            var claims = new LocalTokens.Claims(
                    "nurse", List.of(STAFF), LocalTokens.DEFAULT_TENANT, "", "", Duration.ofHours(1));
            var nurse = plane.with(Tokens.issue(
                    directory,
                    claims.onlyFor(QueryServiceGrpc.getGetLatestMethod().getFullMethodName())));
            var refusal = new CallResult(Status.Code.PERMISSION_DENIED, "the token is for another rpc");
            for (int call = 0; call < 2; call++) {
                // The second time, the token is cached.
                assertThat(CallResult.of(
                                nurse,
                                QueryServiceGrpc.getQueryReadingsMethod(),
                                QueryReadingsRequest.newBuilder()
                                        .setPatientId(ada)
                                        .build()))
                        .as("a stream of responses")
                        .isEqualTo(refusal);
                assertThat(CallResult.of(
                                nurse,
                                QueryServiceGrpc.getStreamLatestMethod(),
                                StreamLatestRequest.newBuilder()
                                        .setPatientId(ada)
                                        .build()))
                        .as("a stream of requests")
                        .isEqualTo(refusal);
                assertThat(CallResult.of(
                                nurse,
                                QueryServiceGrpc.getGetStatisticsMethod(),
                                GetStatisticsRequest.newBuilder()
                                        .setPatientId(ada)
                                        .build()))
                        .isEqualTo(refusal);
                assertThat(lastRecord().reason()).isEqualTo("rpc");
                assertThat(lastRecord().subject()).isEqualTo("nurse");
                assertThat(latest(nurse, ada).code()).isEqualTo(Status.Code.OK);
            }
        }

        @Test
        void whose_token_has_expired_are_not_let_in_even_if_it_is_cached() {
            plane.grant(ada);
            var staff = plane.as(STAFF);
            assertThat(latest(staff, ada).code()).isEqualTo(Status.Code.OK);
            plane.clockOffsetUs.set(TimeUnit.HOURS.toMicros(2));
            assertThat(latest(staff, ada).code()).isEqualTo(Status.Code.UNAUTHENTICATED);
        }

        @Test
        void may_be_many_with_tokens_of_their_own() {
            plane.grant(ada);
            for (int i = 0; i < 20; i++) {
                assertThat(latest(plane.with(Tokens.of(directory, "nurse-" + i, STAFF)), ada)
                                .code())
                        .isEqualTo(Status.Code.OK);
            }
            assertThat(auditRecords())
                    .extracting(AuditRecord::subject)
                    .doesNotHaveDuplicates()
                    .hasSize(20);
        }

        @Test
        void with_a_role_in_other_case_do_not_have_that_role() {
            plane.grant(ada);
            // The local key does not make such a token; the claim is what an identity provider might send.
            assertThatThrownBy(() -> Tokens.of(directory, "somebody", "Authorized_Medical_Staff"))
                    .hasMessageContaining("role");
            assertThat(latest(plane.as("operator"), ada).code()).isEqualTo(Status.Code.PERMISSION_DENIED);
        }

        @Test
        void bring_their_request_id_or_get_one() {
            var headers = new Metadata();
            headers.put(Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER), "trace-1");
            var traced =
                    ClientInterceptors.intercept(plane.as(STAFF), MetadataUtils.newAttachHeadersInterceptor(headers));
            latest(traced, ada);
            assertThat(lastRecord().requestId()).isEqualTo("trace-1");
            latest(plane.as(STAFF), ada);
            assertThat(lastRecord().requestId()).isNotEmpty().isNotEqualTo("trace-1");
        }
    }

    @Nested
    class Patients {

        @Test
        void without_consent_and_patients_that_do_not_exist_look_alike() {
            var existing = latest(plane.as(STAFF), ada);
            var missing = latest(plane.as(STAFF), "no-such-patient");
            assertThat(existing).isEqualTo(missing);
            assertThat(existing.code()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(auditRecords()).extracting(AuditRecord::reason).containsOnly("no_consent");
        }

        @Test
        void are_read_by_the_next_call_after_they_consent_and_not_by_the_next_after_they_withdraw() {
            var staff = plane.as(STAFF);
            for (int i = 0; i < 5; i++) {
                assertThat(latest(staff, ada).code()).isEqualTo(Status.Code.PERMISSION_DENIED);
                plane.grant(ada);
                assertThat(latest(staff, ada).code()).isEqualTo(Status.Code.OK);
                plane.withdraw(ada);
            }
        }

        @Test
        void are_not_read_when_their_consent_has_expired() {
            plane.consent(ada, true, OptionalLong.of(plane.now() + TimeUnit.MINUTES.toMicros(5)));
            assertThat(latest(plane.as(STAFF), ada).code()).isEqualTo(Status.Code.OK);
            plane.clockOffsetUs.set(TimeUnit.MINUTES.toMicros(6));
            assertThat(latest(plane.as(STAFF), ada).code()).isEqualTo(Status.Code.PERMISSION_DENIED);
        }

        @Test
        void are_read_of_the_codes_they_consent_to_and_no_others() {
            plane.consent(ada, true, OptionalLong.empty(), HEART_RATE);
            assertThat(latest(plane.as(STAFF), ada).code()).isEqualTo(Status.Code.OK);
            var allCodes = CallResult.of(
                    plane.as(STAFF),
                    QueryServiceGrpc.getGetLatestMethod(),
                    GetLatestRequest.newBuilder().setPatientId(ada).build());
            assertThat(allCodes.code()).as("all codes are more than one").isEqualTo(Status.Code.PERMISSION_DENIED);
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
            var call = CallResult.of(
                    plane.as(STAFF), QueryServiceGrpc.getGetLatestMethod(), GetLatestRequest.getDefaultInstance());
            assertThat(call.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(auditRecords()).hasSize(1);
        }

        @Test
        void of_one_device_are_read_together_or_not_at_all() {
            var device = plane.asDevice(monitor);
            assertThat(latestOfDevice(plane.as(STAFF), monitor).code())
                    .as("a device without readings")
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(put(device, monitor, ada).code()).isEqualTo(Status.Code.OK);
            plane.grant(ada);
            assertThat(latestOfDevice(plane.as(STAFF), monitor).code()).isEqualTo(Status.Code.OK);
            assertThat(latestOfDevice(plane.asPatient(ada), monitor).code())
                    .as("all readings are the patient's own")
                    .isEqualTo(Status.Code.OK);
            assertThat(put(device, monitor, bob).code()).isEqualTo(Status.Code.OK);
            assertThat(latestOfDevice(plane.as(STAFF), monitor).code()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(latestOfDevice(plane.asPatient(ada), monitor).code()).isEqualTo(Status.Code.PERMISSION_DENIED);
            plane.grant(bob);
            assertThat(latestOfDevice(plane.as(STAFF), monitor).code()).isEqualTo(Status.Code.OK);
        }
    }

    @Nested
    class Devices {

        @Test
        void write_for_themselves_only() {
            assertThat(put(plane.asDevice(monitor), "another", ada).code()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(lastRecord().reason()).isEqualTo("not_own_device");
            assertThat(lastRecord().device()).isEqualTo("another");
            assertThat(plane.store.series(new Subject.OfPatient(ada)).await().indefinitely())
                    .isEmpty();
        }

        @Test
        void write_while_they_are_active() {
            assertThat(put(plane.asDevice(monitor), monitor, ada).code()).isEqualTo(Status.Code.OK);
            plane.registerDevice(monitor, Device.Status.MAINTENANCE);
            assertThat(put(plane.asDevice(monitor), monitor, ada).code()).isEqualTo(Status.Code.PERMISSION_DENIED);
            assertThat(lastRecord().reason()).isEqualTo("device_not_active");
            plane.registerDevice(monitor, Device.Status.ACTIVE);
            assertThat(put(plane.asDevice(monitor), monitor, ada).code()).isEqualTo(Status.Code.OK);
        }

        @Test
        void write_before_anybody_registered_them() {
            assertThat(put(plane.asDevice("fresh"), "fresh", ada).code()).isEqualTo(Status.Code.OK);
        }
    }

    @Nested
    class TheAuditTrail {

        @Test
        void names_caller_request_patient_and_policy() {
            plane.grant(ada);
            latest(plane.as(STAFF), ada);
            assertThat(auditRecords()).singleElement().satisfies(record -> {
                assertThat(record.timeUs()).isBetween(plane.now() - TIMEOUT.toNanos() / 1_000, plane.now());
                assertThat(record.subject()).isEqualTo("somebody");
                assertThat(record.role()).isEqualTo(STAFF);
                assertThat(record.tenant()).isEqualTo(LocalTokens.DEFAULT_TENANT);
                assertThat(record.action()).isEqualTo("query");
                assertThat(record.rpc()).isEqualTo("pulseplane.v1.QueryService/GetLatest");
                assertThat(record.patient()).isEqualTo(ada);
                assertThat(record.codes()).containsExactly(HEART_RATE);
                assertThat(record.decision()).isEqualTo(Decision.PERMITTED);
                assertThat(record.policyDigest()).startsWith("sha256:");
                assertThat(record.peer()).startsWith("127.0.0.1:");
            });
        }

        @Test
        void that_cannot_be_written_keeps_everybody_out() throws IOException {
            // A plane of its own: the trail stays closed.
            try (var silent = new GatedPlane(directory.resolve("silent"), GatedPlane.Options.DEFAULTS)) {
                silent.register(ada);
                silent.registerDevice(monitor, Device.Status.ACTIVE);
                silent.grant(ada);
                assertThat(put(silent.asDevice(monitor), monitor, ada).code()).isEqualTo(Status.Code.OK);
                silent.audit.close();
                assertThat(latest(silent.as(STAFF), ada).code()).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(latest(silent.as(STAFF), bob).code()).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(latest(silent.anonymous(), ada).code()).isEqualTo(Status.Code.UNAVAILABLE);
                assertThat(put(silent.asDevice(monitor), monitor, ada).code()).isEqualTo(Status.Code.UNAVAILABLE);
            }
        }
    }

    @Test
    void refuses_an_rpc_without_a_rule_whoever_calls() {
        for (var channel : List.of(plane.as("clinical_admin"), plane.as(STAFF), plane.anonymous())) {
            assertThat(CallResult.of(channel, GatedPlane.RPC_WITHOUT_RULE, GetLatestRequest.getDefaultInstance()))
                    .isEqualTo(new CallResult(Status.Code.PERMISSION_DENIED, "not permitted: no_rule"));
            assertThat(lastRecord().reason()).isEqualTo("no_rule");
            assertThat(lastRecord().rpc()).isEqualTo(GatedPlane.RPC_WITHOUT_RULE.getFullMethodName());
        }
    }
}
