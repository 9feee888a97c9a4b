package io.pulseplane.api;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.pulseplane.gate.Access;
import io.pulseplane.gate.AccessRule;
import io.pulseplane.gate.Action;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.AuditServiceGrpc;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.ErasePatientRequest;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.ListAssignmentsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.WatchRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The access rule of every rpc: which access its requests need. The gate refuses an rpc without a rule. */
public final class AccessRules implements AccessRule.Rulebook {

    private static final String HEALTH = "grpc.health.v1.Health";
    private static final String REFLECTION = "grpc.reflection.";

    private static final Optional<AccessRule<?>> DESCRIBE =
            Optional.of(new AccessRule<>(Action.DESCRIBE, _ -> Access.OF_NO_PATIENT, false));

    /** The rules by full name of the rpc, as {@link #find} returns them. */
    private final Map<String, Optional<AccessRule<?>>> rules = new HashMap<>();

    public AccessRules() {
        ingest();
        query();
        registry();
        add(AuditServiceGrpc.getListRecordsMethod(), Action.AUDIT, AccessRules::generalAccess);
    }

    private void ingest() {
        addHandlingRefusals(
                IngestServiceGrpc.getStreamReadingsMethod(),
                Action.INGEST,
                request -> batchAccess(request.hasBatch(), request.getBatch()));
        addHandlingRefusals(
                IngestServiceGrpc.getPutReadingsMethod(),
                Action.INGEST,
                request -> batchAccess(request.hasBatch(), request.getBatch()));
    }

    private void query() {
        add(QueryServiceGrpc.getGetLatestMethod(), Action.QUERY, AccessRules::of);
        addHandlingRefusals(QueryServiceGrpc.getStreamLatestMethod(), Action.QUERY, AccessRules::of);
        add(QueryServiceGrpc.getQueryReadingsMethod(), Action.QUERY, AccessRules::of);
        add(QueryServiceGrpc.getAggregateMethod(), Action.QUERY, AccessRules::of);
        add(QueryServiceGrpc.getGetStatisticsMethod(), Action.QUERY, AccessRules::of);
        add(QueryServiceGrpc.getWatchMethod(), Action.QUERY, AccessRules::of);
    }

    private void registry() {
        add(
                RegistryServiceGrpc.getPutPatientMethod(),
                Action.REGISTRY,
                request -> accessFor(request.getPatient().getPatientId(), ""));
        add(
                RegistryServiceGrpc.getGetPatientMethod(),
                Action.REGISTRY,
                request -> accessFor(request.getPatientId(), ""));
        add(RegistryServiceGrpc.getListPatientsMethod(), Action.REGISTRY, AccessRules::generalAccess);
        add(
                RegistryServiceGrpc.getPutDeviceMethod(),
                Action.REGISTRY,
                request -> accessFor("", request.getDevice().getDeviceId()));
        add(RegistryServiceGrpc.getGetDeviceMethod(), Action.REGISTRY, request -> accessFor("", request.getDeviceId()));
        add(RegistryServiceGrpc.getListDevicesMethod(), Action.REGISTRY, AccessRules::generalAccess);
        add(
                RegistryServiceGrpc.getAssignDeviceMethod(),
                Action.REGISTRY,
                request -> accessFor(request.getPatientId(), request.getDeviceId()));
        add(
                RegistryServiceGrpc.getReleaseDeviceMethod(),
                Action.REGISTRY,
                request -> accessFor("", request.getDeviceId()));
        add(RegistryServiceGrpc.getListAssignmentsMethod(), Action.REGISTRY, AccessRules::of);
        add(
                RegistryServiceGrpc.getPutConsentMethod(),
                Action.CONSENT,
                request -> accessFor(request.getConsent().getPatientId(), ""));
        add(
                RegistryServiceGrpc.getGetConsentMethod(),
                Action.CONSENT,
                request -> accessFor(request.getPatientId(), ""));
        add(
                RegistryServiceGrpc.getListConsentsMethod(),
                Action.CONSENT,
                request -> accessFor(request.getPatientId(), ""));
        add(RegistryServiceGrpc.getErasePatientMethod(), Action.ERASE, AccessRules::erasureAccess);
    }

    private <Q extends Message> void add(MethodDescriptor<Q, ?> method, Action action, Function<Q, Access> access) {
        rules.put(method.getFullMethodName(), Optional.of(new AccessRule<>(action, withMalformedCheck(access), false)));
    }

    /** Adds a rule for an endpoint that answers refusals itself. */
    private <Q extends Message> void addHandlingRefusals(
            MethodDescriptor<Q, ?> method, Action action, Function<Q, Access> access) {
        rules.put(method.getFullMethodName(), Optional.of(new AccessRule<>(action, withMalformedCheck(access), true)));
    }

    private static <Q extends Message> Function<Q, Access> withMalformedCheck(Function<Q, Access> access) {
        return request -> {
            MalformedRequest.throwIfMalformed(request);
            return access.apply(request);
        };
    }

    @Override
    @SuppressWarnings("unchecked") // add() stores the rule under the name of the method
    public <Q> Optional<AccessRule<Q>> find(MethodDescriptor<Q, ?> method) {
        var rule = rules.get(method.getFullMethodName());
        return (Optional<AccessRule<Q>>)
                (Optional<?>) (rule == null ? ruleOfGrpcService(method.getServiceName()) : rule);
    }

    /** Returns the rule of the services that come with gRPC. */
    private static Optional<AccessRule<?>> ruleOfGrpcService(String service) {
        return service != null && (service.equals(HEALTH) || service.startsWith(REFLECTION))
                ? DESCRIBE
                : Optional.empty();
    }

    /** Checks the reason, because the gate records it in the audit trail before it admits the call. */
    private static Access erasureAccess(ErasePatientRequest request) {
        var violations = new Violations();
        violations.checkIdentifier("patient_id", request.getPatientId());
        violations.addUnless(!request.getReason().isBlank(), "reason", "must be set");
        violations.checkText("reason", request.getReason(), AuditRecord.MAX_TEXT_LENGTH);
        violations.throwIfAny();
        return Access.ofPatient(request.getPatientId(), request.getReason());
    }

    private static Access generalAccess(Message request) {
        return Access.OF_NO_PATIENT;
    }

    private static Access batchAccess(boolean isSet, Batch batch) {
        var violations = new Violations();
        violations.addUnless(isSet, "batch", "must be set");
        violations.throwIfAny();
        violations.checkIdentifier("batch.device_id", batch.getDeviceId());
        violations.checkIdentifier("batch.patient_id", batch.getPatientId());
        violations.throwIfAny();
        return new Access(List.of(batch.getPatientId()), batch.getDeviceId(), List.of());
    }

    private static Access of(GetLatestRequest request) {
        return subjectAccess(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList());
    }

    private static Access of(StreamLatestRequest request) {
        return subjectAccess(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList());
    }

    private static Access of(QueryReadingsRequest request) {
        return subjectAccess(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList());
    }

    private static Access of(AggregateRequest request) {
        return subjectAccess(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList());
    }

    private static Access of(GetStatisticsRequest request) {
        return subjectAccess(
                request.hasPatientId(),
                request.getPatientId(),
                request.hasDeviceId(),
                request.getDeviceId(),
                request.getCodesList());
    }

    /** Checks the same fields as the endpoint does, so that a caller cannot query more than the policy decided on. */
    private static Access subjectAccess(
            boolean byPatient, String patient, boolean byDevice, String device, List<String> codes) {
        var violations = new Violations();
        QueryRequestReader.checkSelector(byPatient, patient, byDevice, device, codes, violations);
        violations.throwIfAny();
        return byPatient ? Access.ofPatient(patient, codes) : Access.ofDevice(device, codes);
    }

    private static Access of(WatchRequest request) {
        var violations = new Violations();
        QueryRequestReader.codes(request.getCodesList(), violations);
        var patients = QueryRequestReader.patients(request.getPatientIdsList(), violations);
        violations.throwIfAny();
        return new Access(List.copyOf(patients), "", request.getCodesList());
    }

    private static Access of(ListAssignmentsRequest request) {
        return switch (request.getSubjectCase()) {
            case PATIENT_ID -> accessFor(request.getPatientId(), "");
            case DEVICE_ID -> accessFor("", request.getDeviceId());
            case SUBJECT_NOT_SET -> Access.OF_NO_PATIENT;
        };
    }

    /** Returns the access for the ids that are set; the endpoint checks which must be set. */
    private static Access accessFor(String patient, String device) {
        return new Access(patient.isEmpty() ? List.of() : List.of(patient), device, List.of());
    }
}
