package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.store.Device;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.AssignDeviceRequest;
import io.pulseplane.v1.AuditServiceGrpc;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.ErasePatientRequest;
import io.pulseplane.v1.GetConsentRequest;
import io.pulseplane.v1.GetDeviceRequest;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetPatientRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.ListAssignmentsRequest;
import io.pulseplane.v1.ListConsentsRequest;
import io.pulseplane.v1.ListDevicesRequest;
import io.pulseplane.v1.ListPatientsRequest;
import io.pulseplane.v1.ListRecordsRequest;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutDeviceRequest;
import io.pulseplane.v1.PutPatientRequest;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import io.pulseplane.v1.ReleaseDeviceRequest;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.WatchRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks the table in docs/access.md against a plane: every rpc, every role, every state of consent. */
class AccessTableTest {

    private static final String HEART_RATE = "8867-4";
    private static final String DEVICE = "monitor";
    private static final long WINDOW = 1_000_000;

    private static final List<ServiceDescriptor> SERVICES = List.of(
            IngestServiceGrpc.getServiceDescriptor(),
            QueryServiceGrpc.getServiceDescriptor(),
            RegistryServiceGrpc.getServiceDescriptor(),
            AuditServiceGrpc.getServiceDescriptor());

    /** A patient for each state of consent, and whether staff may read the heart rate in that state. */
    private static final Map<String, Boolean> PATIENTS = Map.of(
            "granted", true,
            "granted-for-the-code", true,
            "granted-for-another-code", false,
            "without-consent", false,
            "withdrawn", false,
            "expired", false,
            "nobody-knows-them", false);

    private static final Map<MethodDescriptor<?, ?>, Function<String, Message>> DESCRIBING = Map.of(
            HealthGrpc.getCheckMethod(),
            _ -> HealthCheckRequest.getDefaultInstance(),
            ServerReflectionGrpc.getServerReflectionInfoMethod(),
            _ -> ServerReflectionRequest.newBuilder().setListServices("").build());

    @TempDir
    Path directory;

    /** One rpc and the cells of its row, by column. */
    private record Row(MethodDescriptor<?, ?> method, Map<String, String> cells) {}

    private static List<Row> table() throws IOException {
        List<String> columns = List.of();
        var rows = new ArrayList<Row>();
        var methods = methods();
        for (var line : Files.readAllLines(Path.of("docs", "access.md"))) {
            if (line.startsWith("| rpc | device")) {
                columns = cells(line);
            } else if (!columns.isEmpty() && line.startsWith("| `")) {
                var cells = cells(line);
                var name = cells.getFirst().replace("`", "");
                var row = new TreeMap<String, String>();
                for (int i = 1; i < columns.size(); i++) {
                    row.put(columns.get(i), cells.get(i));
                }
                assertThat(methods).as(name).containsKey(name);
                rows.add(new Row(methods.get(name), row));
            } else if (!rows.isEmpty()) {
                break;
            }
        }
        return rows;
    }

    private static List<String> cells(String line) {
        return Stream.of(line.split("\\|")).skip(1).map(String::strip).toList();
    }

    /** All rpcs by their name in the table. */
    static Map<String, MethodDescriptor<?, ?>> methods() {
        var methods = new TreeMap<String, MethodDescriptor<?, ?>>();
        var all = Stream.concat(
                SERVICES.stream().flatMap(service -> service.getMethods().stream()), DESCRIBING.keySet().stream());
        all.forEach(method -> {
            var name = method.getFullMethodName();
            methods.put(name.substring(name.lastIndexOf('.', name.indexOf('/')) + 1), method);
        });
        return methods;
    }

    @Test
    void has_a_row_for_every_rpc() throws IOException {
        assertThat(table().stream().map(row -> row.method().getFullMethodName()))
                .containsExactlyInAnyOrderElementsOf(methods().values().stream()
                        .map(MethodDescriptor::getFullMethodName)
                        .toList());
    }

    @ParameterizedTest(name = "local {0}, audit {1}")
    @CsvSource({"true, SYNC", "true, OFF", "false, SYNC", "false, OFF"})
    void holds_for_every_rpc_role_and_patient(boolean local, AuditSettings.Mode audit) throws Exception {
        var options = GatedPlane.Options.DEFAULTS.withAudit(audit);
        if (!local) {
            options = options.withLocal("10.0.0.0/8");
        }
        var softly = new SoftAssertions();
        try (var plane = new GatedPlane(directory, options)) {
            prepare(plane);
            for (var row : table()) {
                for (var cell : row.cells().entrySet()) {
                    checkCell(plane, row.method(), cell.getKey(), cell.getValue(), local, audit, softly);
                }
            }
        }
        softly.assertAll();
    }

    private static void prepare(GatedPlane plane) {
        PATIENTS.keySet().stream()
                .filter(patient -> !patient.startsWith("nobody"))
                .forEach(plane::register);
        plane.grant("granted");
        plane.consent("granted-for-the-code", true, OptionalLong.empty(), "9279-1", HEART_RATE);
        plane.consent("granted-for-another-code", true, OptionalLong.empty(), "9279-1");
        plane.grant("withdrawn");
        plane.withdraw("withdrawn");
        plane.consent("expired", true, OptionalLong.of(plane.now() - 1));
        plane.registerDevice(DEVICE, Device.Status.ACTIVE);
        plane.registerDevice("shelved", Device.Status.INACTIVE);
    }

    private void checkCell(
            GatedPlane plane,
            MethodDescriptor<?, ?> method,
            String role,
            String cell,
            boolean local,
            AuditSettings.Mode audit,
            SoftAssertions softly) {
        boolean describes = DESCRIBING.containsKey(method);
        boolean ingests = method.getServiceName().endsWith("IngestService");
        boolean possible = describes || (audit != AuditSettings.Mode.OFF && (local || ingests));
        for (var patient : PATIENTS.entrySet()) {
            var channel = channel(plane, role, patient.getKey());
            boolean permitted = possible
                    && switch (cell) {
                        case "yes", "own" -> true;
                        case "consent" -> patient.getValue();
                        case "–" -> false;
                        default -> throw new AssertionError("unknown cell: " + cell);
                    };
            long lastNumber = audit == AuditSettings.Mode.SYNC
                    ? plane.lastEntry().map(AuditEntry::number).orElse(0L)
                    : 0;
            var call = CallResult.of(channel, method, request(method, patient.getKey(), DEVICE));
            softly.assertThat(call.isPermitted())
                    .as(
                            "%s as %s of %s, local %s, audit %s: %s",
                            method.getFullMethodName(), role, patient, local, audit, call)
                    .isEqualTo(permitted);
            if (!describes && audit == AuditSettings.Mode.SYNC) {
                var newest = plane.lastEntry().orElseThrow();
                softly.assertThat(newest.number())
                        .as("one record each: %s as %s of %s", method.getFullMethodName(), role, patient)
                        .isEqualTo(lastNumber + 1);
                softly.assertThat(newest.record().decision())
                        .isEqualTo(permitted ? Decision.PERMITTED : Decision.REFUSED);
            }
            if (cell.equals("own")) {
                refusesOthers(plane, method, role, softly);
            }
        }
    }

    /** Refuses data of another patient or device, and a device that is not active. */
    private static void refusesOthers(
            GatedPlane plane, MethodDescriptor<?, ?> method, String role, SoftAssertions softly) {
        var others = role.equals("device")
                ? List.of(plane.asDevice("another"), plane.as("authorized_medical_staff"))
                : List.of(plane.asPatient("another"));
        for (var other : others) {
            softly.assertThat(CallResult.of(other, method, request(method, "granted", DEVICE))
                            .code())
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
        }
        if (role.equals("device")) {
            softly.assertThat(CallResult.of(plane.asDevice("shelved"), method, request(method, "granted", "shelved"))
                            .code())
                    .isEqualTo(Status.Code.PERMISSION_DENIED);
        }
    }

    private static Channel channel(GatedPlane plane, String role, String patient) {
        return switch (role) {
            case "device" -> plane.asDevice(DEVICE);
            case "patient" -> plane.asPatient(patient);
            case "no token" -> plane.anonymous();
            default -> plane.as(role);
        };
    }

    static Message request(MethodDescriptor<?, ?> method, String patient, String device) {
        if (DESCRIBING.containsKey(method)) {
            return DESCRIBING.get(method).apply(patient);
        }
        return switch (method.getBareMethodName()) {
            case "StreamReadings" ->
                StreamReadingsRequest.newBuilder()
                        .setBatch(batch(patient, device))
                        .build();
            case "PutReadings" ->
                PutReadingsRequest.newBuilder().setBatch(batch(patient, device)).build();
            case "GetLatest" ->
                GetLatestRequest.newBuilder()
                        .setPatientId(patient)
                        .addCodes(HEART_RATE)
                        .build();
            case "StreamLatest" ->
                StreamLatestRequest.newBuilder()
                        .setPatientId(patient)
                        .addCodes(HEART_RATE)
                        .build();
            case "QueryReadings" ->
                QueryReadingsRequest.newBuilder()
                        .setPatientId(patient)
                        .addCodes(HEART_RATE)
                        .build();
            case "Aggregate" ->
                AggregateRequest.newBuilder()
                        .setPatientId(patient)
                        .addCodes(HEART_RATE)
                        .setWindowUs(WINDOW)
                        .build();
            case "GetStatistics" ->
                GetStatisticsRequest.newBuilder()
                        .setPatientId(patient)
                        .addCodes(HEART_RATE)
                        .build();
            case "Watch" ->
                WatchRequest.newBuilder()
                        .addPatientIds(patient)
                        .addCodes(HEART_RATE)
                        .build();
            case "PutPatient" ->
                PutPatientRequest.newBuilder()
                        .setPatient(io.pulseplane.v1.Patient.newBuilder().setPatientId("somebody-new"))
                        .build();
            case "GetPatient" ->
                GetPatientRequest.newBuilder().setPatientId(patient).build();
            case "ListPatients" -> ListPatientsRequest.getDefaultInstance();
            case "PutDevice" ->
                PutDeviceRequest.newBuilder()
                        .setDevice(io.pulseplane.v1.Device.newBuilder().setDeviceId("some-new-device"))
                        .build();
            case "GetDevice" ->
                GetDeviceRequest.newBuilder().setDeviceId(device).build();
            case "ListDevices" -> ListDevicesRequest.getDefaultInstance();
            case "AssignDevice" ->
                AssignDeviceRequest.newBuilder()
                        .setPatientId(patient)
                        .setDeviceId(device)
                        .build();
            case "ReleaseDevice" ->
                ReleaseDeviceRequest.newBuilder().setDeviceId(device).build();
            case "ListAssignments" ->
                ListAssignmentsRequest.newBuilder().setPatientId(patient).build();
            case "PutConsent" ->
                PutConsentRequest.newBuilder()
                        .setConsent(Consent.newBuilder().setPatientId("nobody-of-the-table"))
                        .build();
            case "GetConsent" ->
                GetConsentRequest.newBuilder().setPatientId(patient).build();
            case "ListConsents" ->
                ListConsentsRequest.newBuilder().setPatientId(patient).build();
            case "ErasePatient" ->
                ErasePatientRequest.newBuilder()
                        .setPatientId(patient)
                        .setReason("asked for")
                        .build();
            case "ListRecords" -> ListRecordsRequest.newBuilder().setLimit(1).build();
            default -> throw new AssertionError("no request for " + method.getFullMethodName());
        };
    }

    private static Batch batch(String patient, String device) {
        return Batch.newBuilder()
                .setPatientId(patient)
                .setDeviceId(device)
                .setSequence(1)
                .addColumns(Columns.newBuilder()
                        .setCode(HEART_RATE)
                        .setUnit("/min")
                        .setStartUs(1_763_000_000_000_000L)
                        .addTimeDeltaUs(0)
                        .addValues(60))
                .build();
    }
}
