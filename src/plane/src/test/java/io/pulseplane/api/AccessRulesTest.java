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

    /** A wire type that there is not. */
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
    void there_is_one_for_every_rpc(MethodDescriptor<?, ?> rpc) {
        assertThat(rules.find(rpc)).isPresent();
    }

    /** Every one, so that no endpoint ever sees what stands for bytes that are no message. */
    @ParameterizedTest
    @MethodSource("rpcs")
    void every_one_refuses_requests_that_could_not_be_read(MethodDescriptor<?, ?> rpc) {
        assertThatThrownBy(() -> read(rpc, new ByteArrayInputStream(NO_MESSAGE)))
                .isInstanceOf(PlaneException.InvalidArgument.class)
                .hasMessageStartingWith("request must be a message");
        assertThatThrownBy(() -> read(rpc, new TooLarge())).isInstanceOf(PlaneException.ResourceExhausted.class);
    }

    /** Reads as a served method does, and asks for what. */
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

    /** As gRPC ends the reading of what was compressed and is too much. */
    private static final class TooLarge extends InputStream {
        @Override
        public int read() {
            throw Status.RESOURCE_EXHAUSTED.asRuntimeException();
        }
    }

    @Test
    void batches_are_of_their_patient_and_device() {
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
    void queries_are_of_a_patient_or_a_device_and_never_of_nobody() {
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
    void watching_is_of_every_patient_that_is_named_once() {
        var watch = WatchRequest.newBuilder().addPatientIds("ada").addPatientIds("grace");
        assertThat(access(QueryServiceGrpc.getWatchMethod(), watch.build()).patients())
                .containsExactlyInAnyOrder("ada", "grace");
        assertThatThrownBy(() -> access(
                        QueryServiceGrpc.getWatchMethod(),
                        watch.addPatientIds("").build()))
                .isInstanceOf(PlaneException.InvalidArgument.class);
    }

    @Test
    void what_names_nobody_is_general() {
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
    void only_ingest_and_the_stream_of_questions_answer_refusals_themselves() {
        assertThat(rpcs().filter(rpc -> rules.find(rpc).orElseThrow().answersRefusals()))
                .containsExactlyInAnyOrder(
                        IngestServiceGrpc.getPutReadingsMethod(),
                        IngestServiceGrpc.getStreamReadingsMethod(),
                        QueryServiceGrpc.getStreamLatestMethod());
    }

    @Test
    void describing_needs_no_more_than_the_name_of_the_service() {
        assertThat(rules.find(HealthGrpc.getCheckMethod()).orElseThrow().action())
                .isEqualTo(Action.DESCRIBE);
        assertThat(rules.find(ServerReflectionGrpc.getServerReflectionInfoMethod())
                        .orElseThrow()
                        .action())
                .isEqualTo(Action.DESCRIBE);
    }

    @Test
    void there_is_none_for_anything_else() {
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
