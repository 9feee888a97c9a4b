package io.pulseplane.api;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import io.pulseplane.gate.Caller;
import io.pulseplane.store.Registry;
import io.pulseplane.v1.AssignDeviceRequest;
import io.pulseplane.v1.AssignDeviceResponse;
import io.pulseplane.v1.ErasePatientRequest;
import io.pulseplane.v1.ErasePatientResponse;
import io.pulseplane.v1.GetConsentRequest;
import io.pulseplane.v1.GetConsentResponse;
import io.pulseplane.v1.GetDeviceRequest;
import io.pulseplane.v1.GetDeviceResponse;
import io.pulseplane.v1.GetPatientRequest;
import io.pulseplane.v1.GetPatientResponse;
import io.pulseplane.v1.ListAssignmentsRequest;
import io.pulseplane.v1.ListAssignmentsResponse;
import io.pulseplane.v1.ListConsentsRequest;
import io.pulseplane.v1.ListConsentsResponse;
import io.pulseplane.v1.ListDevicesRequest;
import io.pulseplane.v1.ListDevicesResponse;
import io.pulseplane.v1.ListPatientsRequest;
import io.pulseplane.v1.ListPatientsResponse;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutConsentResponse;
import io.pulseplane.v1.PutDeviceRequest;
import io.pulseplane.v1.PutDeviceResponse;
import io.pulseplane.v1.PutPatientRequest;
import io.pulseplane.v1.PutPatientResponse;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.v1.ReleaseDeviceRequest;
import io.pulseplane.v1.ReleaseDeviceResponse;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import io.quarkus.grpc.GrpcService;
import io.smallrye.mutiny.Uni;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** The endpoint of {@code RegistryService}. */
@GrpcService
public class RegistryEndpoint implements RegistryServiceGrpc.AsyncService, BindableService {

    private final Registry registry;
    private final EndpointLimits limits;
    private final LongSupplier clock;

    /** @param clock returns microseconds since the epoch */
    public RegistryEndpoint(Registry registry, EndpointLimits limits, LongSupplier clock) {
        this.registry = registry;
        this.limits = limits;
        this.clock = clock;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return MalformedRequest.withMarkingMarshallers(RegistryServiceGrpc.bindService(this));
    }

    @Override
    public void putPatient(PutPatientRequest request, StreamObserver<PutPatientResponse> responses) {
        UnaryCalls.answerToCompletion(
                responses,
                () -> registry.putPatient(
                                RegistryRequestReader.patient(request.hasPatient(), request.getPatient(), today()))
                        .map(stored -> PutPatientResponse.newBuilder()
                                .setPatient(RegistryMessages.patient(stored.item()))
                                .setCreated(stored.created())
                                .build()));
    }

    private LocalDate today() {
        // One day later than in UTC, because east of Greenwich the date may be one day ahead.
        return LocalDate.ofEpochDay(TimeUnit.MICROSECONDS.toDays(clock.getAsLong()) + 1);
    }

    @Override
    public void getPatient(GetPatientRequest request, StreamObserver<GetPatientResponse> responses) {
        UnaryCalls.answer(
                responses,
                () -> (switch (request.getKeyCase()) {
                            case PATIENT_ID ->
                                registry.patient(requireIdentifier("patient_id", request.getPatientId()));
                            case MRN -> registry.patientByMrn(requireIdentifier("mrn", request.getMrn()));
                            case KEY_NOT_SET ->
                                throw new PlaneException.InvalidArgument("key", "must be set: patient_id or mrn");
                        })
                        .map(patient -> GetPatientResponse.newBuilder()
                                .setPatient(RegistryMessages.patient(patient.orElseThrow(
                                        () -> new PlaneException.NotFound("there is no such patient"))))
                                .build()));
    }

    @Override
    public void listPatients(ListPatientsRequest request, StreamObserver<ListPatientsResponse> responses) {
        UnaryCalls.answer(responses, () -> {
            var violations = new Violations();
            int size = RegistryRequestReader.pageSize(request.getPageSize(), violations);
            var start = RegistryRequestReader.pageStart(request.getPageToken(), violations);
            violations.throwIfAny();
            return registry.patientsAfter(start, size + 1).map(items -> {
                var page = new ListPage<>(items, size, io.pulseplane.store.Patient::id);
                return ListPatientsResponse.newBuilder()
                        .addAllPatients(page.items.stream()
                                .map(RegistryMessages::patient)
                                .toList())
                        .setNextPageToken(page.nextToken)
                        .build();
            });
        });
    }

    @Override
    public void putDevice(PutDeviceRequest request, StreamObserver<PutDeviceResponse> responses) {
        UnaryCalls.answerToCompletion(
                responses,
                () -> registry.putDevice(RegistryRequestReader.device(request.hasDevice(), request.getDevice()))
                        .map(stored -> PutDeviceResponse.newBuilder()
                                .setDevice(RegistryMessages.device(stored.item()))
                                .setCreated(stored.created())
                                .build()));
    }

    @Override
    public void getDevice(GetDeviceRequest request, StreamObserver<GetDeviceResponse> responses) {
        UnaryCalls.answer(
                responses,
                () -> (switch (request.getKeyCase()) {
                            case DEVICE_ID -> registry.device(requireIdentifier("device_id", request.getDeviceId()));
                            case SERIAL_NUMBER ->
                                registry.deviceBySerialNumber(
                                        requireIdentifier("serial_number", request.getSerialNumber()));
                            case KEY_NOT_SET ->
                                throw new PlaneException.InvalidArgument(
                                        "key", "must be set: device_id or serial_number");
                        })
                        .map(device -> GetDeviceResponse.newBuilder()
                                .setDevice(RegistryMessages.device(device.orElseThrow(
                                        () -> new PlaneException.NotFound("there is no such device"))))
                                .build()));
    }

    @Override
    public void listDevices(ListDevicesRequest request, StreamObserver<ListDevicesResponse> responses) {
        UnaryCalls.answer(responses, () -> {
            var violations = new Violations();
            int size = RegistryRequestReader.pageSize(request.getPageSize(), violations);
            var start = RegistryRequestReader.pageStart(request.getPageToken(), violations);
            var status = RegistryRequestReader.status("status", request.getStatus(), violations);
            violations.throwIfAny();
            return registry.devicesAfter(start, status, size + 1).map(items -> {
                var page = new ListPage<>(items, size, io.pulseplane.store.Device::id);
                return ListDevicesResponse.newBuilder()
                        .addAllDevices(page.items.stream()
                                .map(RegistryMessages::device)
                                .toList())
                        .setNextPageToken(page.nextToken)
                        .build();
            });
        });
    }

    @Override
    public void assignDevice(AssignDeviceRequest request, StreamObserver<AssignDeviceResponse> responses) {
        UnaryCalls.answerToCompletion(responses, () -> {
            var violations = new Violations();
            violations.checkIdentifier("device_id", request.getDeviceId());
            violations.checkIdentifier("patient_id", request.getPatientId());
            violations.throwIfAny();
            long from = RegistryRequestReader.effectiveTime(
                    "from_us", request.hasFromUs(), request.getFromUs(), clock.getAsLong(), limits.clockAllowance());
            return registry.assign(request.getDeviceId(), request.getPatientId(), from)
                    .map(assignment -> AssignDeviceResponse.newBuilder()
                            .setAssignment(RegistryMessages.assignment(assignment))
                            .build());
        });
    }

    @Override
    public void releaseDevice(ReleaseDeviceRequest request, StreamObserver<ReleaseDeviceResponse> responses) {
        UnaryCalls.answerToCompletion(responses, () -> {
            var device = requireIdentifier("device_id", request.getDeviceId());
            long to = RegistryRequestReader.effectiveTime(
                    "to_us", request.hasToUs(), request.getToUs(), clock.getAsLong(), limits.clockAllowance());
            return registry.release(device, to)
                    .map(assignment -> ReleaseDeviceResponse.newBuilder()
                            .setAssignment(RegistryMessages.assignment(assignment))
                            .build());
        });
    }

    @Override
    public void listAssignments(ListAssignmentsRequest request, StreamObserver<ListAssignmentsResponse> responses) {
        UnaryCalls.answer(responses, () -> {
            var violations = new Violations();
            int size = RegistryRequestReader.pageSize(request.getPageSize(), violations);
            long before = RegistryRequestReader.pageStartNumber(request.getPageToken(), violations);
            violations.throwIfAny();
            return assignments(request, before, size + 1).map(items -> {
                var page = new ListPage<>(items, size, assignment -> Long.toString(assignment.number()));
                return ListAssignmentsResponse.newBuilder()
                        .addAllAssignments(page.items.stream()
                                .map(RegistryMessages::assignment)
                                .toList())
                        .setNextPageToken(page.nextToken)
                        .build();
            });
        });
    }

    private Uni<List<io.pulseplane.store.Assignment>> assignments(
            ListAssignmentsRequest request, long before, int limit) {
        Optional<Subject> subject =
                switch (request.getSubjectCase()) {
                    case PATIENT_ID ->
                        Optional.of(new Subject.OfPatient(requireIdentifier("patient_id", request.getPatientId())));
                    case DEVICE_ID ->
                        Optional.of(new Subject.OfDevice(requireIdentifier("device_id", request.getDeviceId())));
                    case SUBJECT_NOT_SET -> Optional.empty();
                };
        return registry.assignments(subject, request.getCurrentOnly(), before, limit);
    }

    @Override
    public void putConsent(PutConsentRequest request, StreamObserver<PutConsentResponse> responses) {
        UnaryCalls.answerToCompletion(
                responses,
                () -> registry.putConsent(ConsentMessages.read(
                                request.hasConsent(),
                                request.getConsent(),
                                Caller.subject(),
                                clock.getAsLong(),
                                limits.clockAllowance()))
                        .map(recorded -> PutConsentResponse.newBuilder()
                                .setConsent(ConsentMessages.write(recorded))
                                .build()));
    }

    @Override
    public void getConsent(GetConsentRequest request, StreamObserver<GetConsentResponse> responses) {
        UnaryCalls.answer(
                responses,
                () -> registry.consent(requireIdentifier("patient_id", request.getPatientId()))
                        .map(consent -> GetConsentResponse.newBuilder()
                                .setConsent(ConsentMessages.write(
                                        consent.orElseThrow(() -> new PlaneException.NotFound("there is no consent"))))
                                .build()));
    }

    @Override
    public void listConsents(ListConsentsRequest request, StreamObserver<ListConsentsResponse> responses) {
        UnaryCalls.answer(responses, () -> {
            var violations = new Violations();
            violations.checkIdentifier("patient_id", request.getPatientId());
            int size = RegistryRequestReader.pageSize(request.getPageSize(), violations);
            long before = RegistryRequestReader.pageStartNumber(request.getPageToken(), violations);
            violations.throwIfAny();
            return registry.consents(request.getPatientId(), before, size + 1).map(items -> {
                var page = new ListPage<>(items, size, consent -> Long.toString(consent.number()));
                return ListConsentsResponse.newBuilder()
                        .addAllConsents(
                                page.items.stream().map(ConsentMessages::write).toList())
                        .setNextPageToken(page.nextToken)
                        .build();
            });
        });
    }

    @Override
    public void erasePatient(ErasePatientRequest request, StreamObserver<ErasePatientResponse> responses) {
        UnaryCalls.answerToCompletion(
                responses,
                () -> registry.erasePatient(request.getPatientId())
                        .map(erased -> ErasePatientResponse.newBuilder()
                                .setErasedUs(erased)
                                .build()));
    }

    private static String requireIdentifier(String field, String text) {
        var violations = new Violations();
        violations.checkIdentifier(field, text);
        violations.throwIfAny();
        return text;
    }

    /** A page of a list. The constructor takes one item more than the page has if there is a next page. */
    private static final class ListPage<T> {

        private final List<T> items;
        private final String nextToken;

        ListPage(List<T> fetchedItems, int size, Function<T, String> startOf) {
            boolean hasNext = fetchedItems.size() > size;
            this.items = hasNext ? fetchedItems.subList(0, size) : fetchedItems;
            this.nextToken = hasNext ? RegistryRequestReader.pageToken(startOf.apply(items.getLast())) : "";
        }
    }
}
