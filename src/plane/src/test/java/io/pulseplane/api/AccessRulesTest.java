package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import grpc.health.v1.HealthGrpc;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.pulseplane.gate.Access;
import io.pulseplane.gate.Action;
import io.pulseplane.v1.AuditServiceGrpc;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.ListAssignmentsRequest;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.WatchRequest;
import io.pulseplane.vitals.PlaneException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AccessRulesTest {

    private static final Batch BATCH =
            Batch.newBuilder().setDeviceId("monitor").setPatientId("ada").build();

    /** A field with an undefined wire type. */
    private static final byte[] NO_MESSAGE = {0x0F};

    private final AccessRules rules = new AccessRules();

    private <Q> Access access(MethodDescriptor<Q, ?> method, Q request) {
        return rules.find(method).orElseThrow().access().apply(request);
    }

    static Stream<MethodDescriptor<?, ?>> rpcs() {
        return Stream.of(
                        IngestServiceGrpc.getServiceDescriptor(),
                        QueryServiceGrpc.getServiceDescriptor(),
                        RegistryServiceGrpc.getServiceDescriptor(),
                        AuditServiceGrpc.getServiceDescriptor())
                .map(ServiceDescriptor::getMethods)
                .flatMap(methods -> methods.stream());
    }

    @ParameterizedTest
    @MethodSource("rpcs")
    void every_rpc_has_a_rule(MethodDescriptor<?, ?> rpc) {
        assertThat(rules.find(rpc)).isPresent();
    }

    /** Every rule must refuse the mark of a malformed request, so that no endpoint gets it. */
    @ParameterizedTest
    @MethodSource("rpcs")
    void every_rule_refuses_malformed_requests(MethodDescriptor<?, ?> rpc) {
        assertThatThrownBy(() -> read(rpc, new ByteArrayInputStream(NO_MESSAGE)))
                .isInstanceOf(PlaneException.InvalidArgument.class)
                .hasMessageStartingWith("request must be a message");
        assertThatThrownBy(() -> read(rpc, new TooLarge())).isInstanceOf(PlaneException.ResourceExhausted.class);
    }

    /** Parses the bytes as a served method does, and returns the access that the rule requires. */
    private <Q> Access read(MethodDescriptor<Q, ?> rpc, InputStream bytes) {
        return access(rpc, marked(rpc).getRequestMarshaller().parse(bytes));
    }

    @SuppressWarnings("unchecked") // the service has this method only
    private static <Q> MethodDescriptor<Q, ?> marked(MethodDescriptor<Q, ?> rpc) {
        var service = ServerServiceDefinition.builder(rpc.getServiceName())
                .addMethod(rpc, (_, _) -> new ServerCall.Listener<>() {})
                .build();
        return (MethodDescriptor<Q, ?>) MalformedRequest.withMarkingMarshallers(service)
                .getMethods()
                .iterator()
                .next()
                .getMethodDescriptor();
    }

    /** Fails as gRPC does when the decompressed bytes exceed the maximum size. */
    private static final class TooLarge extends InputStream {
        @Override
        public int read() {
            throw Status.RESOURCE_EXHAUSTED.asRuntimeException();
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            throw Status.RESOURCE_EXHAUSTED.asRuntimeException();
        }
    }

    @Test
    void batches_need_access_to_their_patient_and_device() {
        var expected = new Access(List.of("ada"), "monitor", List.of());
        assertThat(access(
                        IngestServiceGrpc.getPutReadingsMethod(),
                        PutReadingsRequest.newBuilder().setBatch(BATCH).build()))
                .isEqualTo(expected);
        assertThat(access(
                        IngestServiceGrpc.getStreamReadingsMethod(),
                        StreamReadingsRequest.newBuilder().setBatch(BATCH).build()))
                .isEqualTo(expected);
        for (var missing : List.of(
                PutReadingsRequest.getDefaultInstance(),
                of(BATCH.toBuilder().clearPatientId().build()),
                of(BATCH.toBuilder().clearDeviceId().build()),
                of(BATCH.toBuilder().setPatientId("a\tb").build()))) {
            assertThatThrownBy(() -> access(IngestServiceGrpc.getPutReadingsMethod(), missing))
                    .isInstanceOf(PlaneException.InvalidArgument.class);
        }
    }

    private static PutReadingsRequest of(Batch batch) {
        return PutReadingsRequest.newBuilder().setBatch(batch).build();
    }

    @Test
    void queries_need_access_to_exactly_a_patient_or_a_device() {
        var latest = QueryServiceGrpc.getGetLatestMethod();
        var ofPatient = GetLatestRequest.newBuilder()
                .setPatientId("ada")
                .addCodes("8867-4")
                .build();
        var ofDevice = GetLatestRequest.newBuilder().setDeviceId("monitor").build();
        assertThat(access(latest, ofPatient)).isEqualTo(Access.ofPatient("ada", List.of("8867-4")));
        assertThat(access(latest, ofDevice)).isEqualTo(Access.ofDevice("monitor"));
        for (var nobody : List.of(
                GetLatestRequest.getDefaultInstance(),
                GetLatestRequest.newBuilder().setPatientId("").build(),
                GetLatestRequest.newBuilder().setDeviceId("").build())) {
            assertThatThrownBy(() -> access(latest, nobody)).isInstanceOf(PlaneException.InvalidArgument.class);
        }
    }

    @Test
    void watching_needs_access_to_every_patient_once() {
        var watch = WatchRequest.newBuilder().addPatientIds("ada").addPatientIds("grace");
        assertThat(access(QueryServiceGrpc.getWatchMethod(), watch.build()).patients())
                .containsExactlyInAnyOrder("ada", "grace");
        assertThatThrownBy(() -> access(
                        QueryServiceGrpc.getWatchMethod(),
                        watch.addPatientIds("").build()))
                .isInstanceOf(PlaneException.InvalidArgument.class);
    }

    @Test
    void requests_without_ids_need_general_access() {
        var assignments = RegistryServiceGrpc.getListAssignmentsMethod();
        assertThat(access(assignments, ListAssignmentsRequest.getDefaultInstance()))
                .isEqualTo(Access.OF_NO_PATIENT);
        assertThat(access(
                        assignments,
                        ListAssignmentsRequest.newBuilder()
                                .setDeviceId("monitor")
                                .build()))
                .isEqualTo(Access.ofDevice("monitor"));
        assertThat(access(RegistryServiceGrpc.getPutConsentMethod(), PutConsentRequest.getDefaultInstance()))
                .isEqualTo(Access.OF_NO_PATIENT);
    }

    @Test
    void only_ingest_and_the_stream_of_queries_answer_refusals_themselves() {
        assertThat(rpcs().filter(rpc -> rules.find(rpc).orElseThrow().answersRefusals()))
                .containsExactlyInAnyOrder(
                        IngestServiceGrpc.getPutReadingsMethod(),
                        IngestServiceGrpc.getStreamReadingsMethod(),
                        QueryServiceGrpc.getStreamLatestMethod());
    }

    @Test
    void describing_is_allowed_by_the_name_of_the_service() {
        assertThat(rules.find(HealthGrpc.getCheckMethod()).orElseThrow().action())
                .isEqualTo(Action.DESCRIBE);
        assertThat(rules.find(ServerReflectionGrpc.getServerReflectionInfoMethod())
                        .orElseThrow()
                        .action())
                .isEqualTo(Action.DESCRIBE);
    }

    @Test
    void other_rpcs_have_no_rule() {
        for (var name : List.of(
                "pulseplane.v1.QueryService/Leak",
                "pulseplane.v1.StrayService/GetLatest",
                "grpc.health.v2.Health/Check",
                "grpc.health.v1.Healthy/Check")) {
            assertThat(rules.find(QueryServiceGrpc.getGetLatestMethod().toBuilder()
                            .setFullMethodName(name)
                            .build()))
                    .as(name)
                    .isEmpty();
        }
    }
}
