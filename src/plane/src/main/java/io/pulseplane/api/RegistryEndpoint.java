package io.pulseplane.api;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.v1.AssignDeviceRequest;
import io.pulseplane.api.v1.AssignDeviceResponse;
import io.pulseplane.api.v1.ErasePatientRequest;
import io.pulseplane.api.v1.ErasePatientResponse;
import io.pulseplane.api.v1.GetConsentRequest;
import io.pulseplane.api.v1.GetConsentResponse;
import io.pulseplane.api.v1.GetDeviceRequest;
import io.pulseplane.api.v1.GetDeviceResponse;
import io.pulseplane.api.v1.GetPatientRequest;
import io.pulseplane.api.v1.GetPatientResponse;
import io.pulseplane.api.v1.ListAssignmentsRequest;
import io.pulseplane.api.v1.ListAssignmentsResponse;
import io.pulseplane.api.v1.ListConsentsRequest;
import io.pulseplane.api.v1.ListConsentsResponse;
import io.pulseplane.api.v1.ListDevicesRequest;
import io.pulseplane.api.v1.ListDevicesResponse;
import io.pulseplane.api.v1.ListPatientsRequest;
import io.pulseplane.api.v1.ListPatientsResponse;
import io.pulseplane.api.v1.PutConsentRequest;
import io.pulseplane.api.v1.PutConsentResponse;
import io.pulseplane.api.v1.PutDeviceRequest;
import io.pulseplane.api.v1.PutDeviceResponse;
import io.pulseplane.api.v1.PutPatientRequest;
import io.pulseplane.api.v1.PutPatientResponse;
import io.pulseplane.api.v1.RegistryServiceGrpc;
import io.pulseplane.api.v1.ReleaseDeviceRequest;
import io.pulseplane.api.v1.ReleaseDeviceResponse;
import io.pulseplane.gate.Caller;
import io.pulseplane.store.Registry;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Subject;
import io.quarkus.grpc.GrpcService;
import io.smallrye.mutiny.Uni;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** {@code RegistryService}. */
@GrpcService
public class RegistryEndpoint implements RegistryServiceGrpc.AsyncService, BindableService {

    private final Registry registry;
    private final LongSupplier now;

    /** @param now the clock, in microseconds since the epoch */
    public RegistryEndpoint(Registry registry, LongSupplier now) {
        this.registry = registry;
        this.now = now;
    }

    @Override
    public ServerServiceDefinition bindService() {
        return Unreadable.markedBy(RegistryServiceGrpc.bindService(this));
    }

    @Override
    public void putPatient(PutPatientRequest request, StreamObserver<PutPatientResponse> responses) {
        Unary.answerAlways(
                responses,
                () -> registry.putPatient(RegistryReader.patient(request.hasPatient(), request.getPatient(), today()))
                        .map(stored -> PutPatientResponse.newBuilder()
                                .setPatient(RegistryMessages.patient(stored.item()))
                                .setCreated(stored.created())
                                .build()));
    }

    private LocalDate today() {
        // The date line leaves a day of doubt about what today is.
        return LocalDate.ofEpochDay(TimeUnit.MICROSECONDS.toDays(now.getAsLong()) + 1);
    }

    @Override
    public void getPatient(GetPatientRequest request, StreamObserver<GetPatientResponse> responses) {
        Unary.answer(
                responses,
                () -> (switch (request.getKeyCase()) {
                            case PATIENT_ID -> registry.patient(key("patient_id", request.getPatientId()));
                            case MRN -> registry.patientByMrn(key("mrn", request.getMrn()));
                            case KEY_NOT_SET -> throw new Problem.Invalid("key", "must be set: patient_id or mrn");
                        })
                        .map(found -> GetPatientResponse.newBuilder()
                                .setPatient(RegistryMessages.patient(
                                        found.orElseThrow(() -> new Problem.NotFound("there is no such patient"))))
                                .build()));
    }

    @Override
    public void listPatients(ListPatientsRequest request, StreamObserver<ListPatientsResponse> responses) {
        Unary.answer(responses, () -> {
            var violations = new Violations();
            int size = RegistryReader.pageSize(request.getPageSize(), violations);
            var start = RegistryReader.pageStart(request.getPageToken(), violations);
            violations.throwIfAny();
            return registry.patientsAfter(start, size + 1).map(found -> {
                var page = new Page<>(found, size, io.pulseplane.store.Patient::id);
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
        Unary.answerAlways(
                responses,
                () -> registry.putDevice(RegistryReader.device(request.hasDevice(), request.getDevice()))
                        .map(stored -> PutDeviceResponse.newBuilder()
                                .setDevice(RegistryMessages.device(stored.item()))
                                .setCreated(stored.created())
                                .build()));
    }

    @Override
    public void getDevice(GetDeviceRequest request, StreamObserver<GetDeviceResponse> responses) {
        Unary.answer(
                responses,
                () -> (switch (request.getKeyCase()) {
                            case DEVICE_ID -> registry.device(key("device_id", request.getDeviceId()));
                            case SERIAL_NUMBER ->
                                registry.deviceBySerialNumber(key("serial_number", request.getSerialNumber()));
                            case KEY_NOT_SET ->
                                throw new Problem.Invalid("key", "must be set: device_id or serial_number");
                        })
                        .map(found -> GetDeviceResponse.newBuilder()
                                .setDevice(RegistryMessages.device(
                                        found.orElseThrow(() -> new Problem.NotFound("there is no such device"))))
                                .build()));
    }

    @Override
    public void listDevices(ListDevicesRequest request, StreamObserver<ListDevicesResponse> responses) {
        Unary.answer(responses, () -> {
            var violations = new Violations();
            int size = RegistryReader.pageSize(request.getPageSize(), violations);
            var start = RegistryReader.pageStart(request.getPageToken(), violations);
            var status = RegistryReader.status("status", request.getStatus(), violations);
            violations.throwIfAny();
            return registry.devicesAfter(start, status, size + 1).map(found -> {
                var page = new Page<>(found, size, io.pulseplane.store.Device::id);
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
        Unary.answerAlways(responses, () -> {
            var violations = new Violations();
            violations.checkIdentifier("device_id", request.getDeviceId());
            violations.checkIdentifier("patient_id", request.getPatientId());
            violations.throwIfAny();
            long from = RegistryReader.moment("from_us", request.hasFromUs(), request.getFromUs(), now.getAsLong());
            return registry.assign(request.getDeviceId(), request.getPatientId(), from)
                    .map(assignment -> AssignDeviceResponse.newBuilder()
                            .setAssignment(RegistryMessages.assignment(assignment))
                            .build());
        });
    }

    @Override
    public void releaseDevice(ReleaseDeviceRequest request, StreamObserver<ReleaseDeviceResponse> responses) {
        Unary.answerAlways(responses, () -> {
            var device = key("device_id", request.getDeviceId());
            long to = RegistryReader.moment("to_us", request.hasToUs(), request.getToUs(), now.getAsLong());
            return registry.release(device, to)
                    .map(assignment -> ReleaseDeviceResponse.newBuilder()
                            .setAssignment(RegistryMessages.assignment(assignment))
                            .build());
        });
    }

    @Override
    public void listAssignments(ListAssignmentsRequest request, StreamObserver<ListAssignmentsResponse> responses) {
        Unary.answer(responses, () -> {
            var violations = new Violations();
            int size = RegistryReader.pageSize(request.getPageSize(), violations);
            long before = RegistryReader.pageNumber(request.getPageToken(), violations);
            violations.throwIfAny();
            return assignments(request, before, size + 1).map(found -> {
                var page = new Page<>(found, size, assignment -> Long.toString(assignment.number()));
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
                    case PATIENT_ID -> Optional.of(new Subject.OfPatient(key("patient_id", request.getPatientId())));
                    case DEVICE_ID -> Optional.of(new Subject.OfDevice(key("device_id", request.getDeviceId())));
                    case SUBJECT_NOT_SET -> Optional.empty();
                };
        return registry.assignments(subject, request.getCurrentOnly(), before, limit);
    }

    @Override
    public void putConsent(PutConsentRequest request, StreamObserver<PutConsentResponse> responses) {
        Unary.answerAlways(
                responses,
                () -> registry.putConsent(ConsentMessages.read(
                                request.hasConsent(), request.getConsent(), Caller.subject(), now.getAsLong()))
                        .map(recorded -> PutConsentResponse.newBuilder()
                                .setConsent(ConsentMessages.write(recorded))
                                .build()));
    }

    @Override
    public void getConsent(GetConsentRequest request, StreamObserver<GetConsentResponse> responses) {
        Unary.answer(
                responses,
                () -> registry.consent(key("patient_id", request.getPatientId()))
                        .map(found -> GetConsentResponse.newBuilder()
                                .setConsent(ConsentMessages.write(
                                        found.orElseThrow(() -> new Problem.NotFound("there is no consent"))))
                                .build()));
    }

    @Override
    public void listConsents(ListConsentsRequest request, StreamObserver<ListConsentsResponse> responses) {
        Unary.answer(responses, () -> {
            var violations = new Violations();
            violations.checkIdentifier("patient_id", request.getPatientId());
            int size = RegistryReader.pageSize(request.getPageSize(), violations);
            long before = RegistryReader.pageNumber(request.getPageToken(), violations);
            violations.throwIfAny();
            return registry.consents(request.getPatientId(), before, size + 1).map(found -> {
                var page = new Page<>(found, size, consent -> Long.toString(consent.number()));
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
        Unary.answerAlways(
                responses,
                () -> registry.erasePatient(request.getPatientId())
                        .map(erased -> ErasePatientResponse.newBuilder()
                                .setErasedUs(erased)
                                .build()));
    }

    private static String key(String field, String text) {
        var violations = new Violations();
        violations.checkIdentifier(field, text);
        violations.throwIfAny();
        return text;
    }

    /** A page of what was found, which is one more than the page holds if there is a next one. */
    private static final class Page<T> {

        private final List<T> items;
        private final String nextToken;

        Page(List<T> found, int size, Function<T, String> start) {
            boolean more = found.size() > size;
            this.items = more ? found.subList(0, size) : found;
            this.nextToken = more ? RegistryReader.pageToken(start.apply(items.getLast())) : "";
        }
    }
}
