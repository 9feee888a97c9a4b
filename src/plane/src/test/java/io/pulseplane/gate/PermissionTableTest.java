package io.pulseplane.gate;

import static io.pulseplane.gate.GateRequests.HEART_RATE;
import static io.pulseplane.gate.GateRequests.STAFF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.pulseplane.gate.PermissionBasis.Setup;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.store.Device;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.PutReadingsRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A permission lasts no longer than what it was given by: every rpc, and everything that a permission rests on. */
class PermissionTableTest {

    /**
     * What happens to an rpc when what its permission rests on is gone. The columns are those of
     * {@link PermissionBasis}, in their order.
     *
     * <ul>
     *   <li>{@code e}: a call that is under way is ended, whether it is idle or busy
     *   <li>{@code r}: the next request is refused, on the same connection; in a stream of requests, on the same stream
     *   <li>everything else: not applicable, for one of the {@link #REASONS}
     * </ul>
     */
    private static final String TABLE = """
            rpc                                  exp key jwk crt wdr end nar dev mov asg pol opa ten loc aud era new
            IngestService/StreamReadings          e   e   e   e   n   n   n   r   n   a   r   r   t   l   r   n   w
            IngestService/PutReadings             r   r   r   r   n   n   n   r   n   a   r   r   t   l   r   n   w
            QueryService/GetLatest by patient     r   r   r   c   r   r   r   s   p   a   r   r   t   l   r   r   r
            QueryService/GetLatest by device      r   r   r   c   r   r   r   s   r   a   r   r   t   l   r   r   r
            QueryService/StreamLatest by patient  e   e   e   c   r   r   r   s   p   a   r   r   t   l   r   r   r
            QueryService/StreamLatest by device   e   e   e   c   r   r   r   s   r   a   r   r   t   l   r   r   r
            QueryService/QueryReadings by patient e   e   e   c   e   e   e   s   p   a   e   e   t   l   e   e   e
            QueryService/QueryReadings by device  e   e   e   c   e   e   e   s   e   a   e   e   t   l   e   e   e
            QueryService/Aggregate by patient     e   e   e   c   e   e   e   s   p   a   e   e   t   l   e   e   e
            QueryService/Aggregate by device      e   e   e   c   e   e   e   s   e   a   e   e   t   l   e   e   e
            QueryService/GetStatistics by patient r   r   r   c   r   r   r   s   p   a   r   r   t   l   r   r   r
            QueryService/GetStatistics by device  r   r   r   c   r   r   r   s   r   a   r   r   t   l   r   r   r
            QueryService/Watch                    e   e   e   c   e   e   e   s   p   a   e   e   t   l   e   e   e
            RegistryService/PutPatient            r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/GetPatient            r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/ListPatients          r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/PutDevice             r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/GetDevice             r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/ListDevices           r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/AssignDevice          r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/ReleaseDevice         r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/ListAssignments       r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/PutConsent            r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/GetConsent            r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/ListConsents          r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            RegistryService/ErasePatient          r   r   r   c   n   n   n   s   n   a   r   r   t   l   r   n   w
            AuditService/ListRecords              e   e   e   c   n   n   n   s   n   a   e   e   t   l   e   n   w
            Health/Check                          d   d   d   d   d   d   d   d   d   d   d   d   d   d   d   d   d
            ServerReflection/ServerReflectionInfo d   d   d   d   d   d   d   d   d   d   d   d   d   d   d   d   d
            """;

    private static final Map<String, String> REASONS = Map.of(
            "a", "an assignment says whose readings a device measured, and permits nothing",
            "c", "who shows a certificate is a device, which may only send readings",
            "d", "it shows no data and needs no permission",
            "l", "an address belongs to a connection, and the local networks to the configuration that a start reads",
            "n", "it rests on no consent, and on no readings of a patient",
            "p", "it names no device",
            "s", "the status of a device counts for what the device sends",
            "t", "a token and a certificate have one tenant, and the plane has the one of its start",
            "w", "a patient may not call it");

    /** Loaded machines are slow; the promise is the bound of the basis. */
    private static final Duration MARGIN = Duration.ofSeconds(5);

    private static final Duration PAUSE = Duration.ofMillis(20);

    /** How many messages of an answer a client reads after the permission is over. */
    private static final int BUSY_READS = 2;

    /** A client that does not read sees the end only behind what is in the buffers. */
    private static final Duration DRAIN = Duration.ofSeconds(2);

    private static final int WINDOW_BYTES = 1 << 20;

    /** With this window, an answer waits for a client that does not read. */
    private static final int SMALL_WINDOW_BYTES = 65_535;

    private static final int READINGS = 100_000;
    private static final int BATCHES = 3;

    /** Records that are written together, and how often. */
    private static final int RECORDS = 500;

    private static final int RECORD_GROUPS = 10;

    private static final long START = 1_763_000_000_000_000L;

    @TempDir
    Path directory;

    private record Row(String rpc, boolean byDevice, List<String> cells) {

        static Row of(String line) {
            var words = line.strip().split(" +");
            boolean hasSubject = words[1].equals("by");
            return new Row(
                    words[0],
                    hasSubject && words[2].equals("device"),
                    List.of(words).subList(hasSubject ? 3 : 1, words.length));
        }

        String cell(PermissionBasis basis) {
            return cells.get(basis.ordinal());
        }

        MethodDescriptor<?, ?> method() {
            return AccessTableTest.methods().get(rpc);
        }

        String role() {
            return switch (rpc.substring(0, rpc.indexOf('/'))) {
                case "IngestService" -> "device";
                case "QueryService" -> STAFF;
                case "AuditService" -> "auditor";
                default -> "clinical_admin";
            };
        }

        Message request() {
            boolean isRegistry = rpc.startsWith("Registry");
            var request =
                    AccessTableTest.request(method(), isRegistry ? "zoe" : "ada", isRegistry ? "spare" : "monitor")
                            .toBuilder();
            var fields = request.getDescriptorForType();
            if (byDevice) {
                request.clearField(fields.findFieldByName("patient_id"));
                request.setField(fields.findFieldByName("device_id"), "monitor");
            }
            if (rpc.endsWith("Aggregate")) {
                request.setField(fields.findFieldByName("window_us"), 10_000_000L);
            }
            if (rpc.endsWith("ListRecords")) {
                request.clearField(fields.findFieldByName("limit"));
            }
            return request.build();
        }

        @Override
        public String toString() {
            return rpc + (byDevice ? " by device" : "");
        }
    }

    /** A permission that was given, and whether it is over. */
    private interface Permission {

        /** Called again and again. */
        boolean isOver() throws InterruptedException;
    }

    private static List<Row> table() {
        return TABLE.lines().skip(1).map(Row::of).toList();
    }

    @Test
    void has_a_row_for_every_rpc() {
        assertThat(table().stream().map(Row::rpc).distinct())
                .containsExactlyInAnyOrderElementsOf(AccessTableTest.methods().keySet());
    }

    @Test
    void has_a_cell_for_everything_that_a_permission_rests_on() {
        assertThat(TABLE.lines().findFirst().orElseThrow().split(" +"))
                .containsExactly(Stream.concat(
                                Stream.of("rpc"),
                                Arrays.stream(PermissionBasis.values()).map(PermissionBasis::column))
                        .toArray(String[]::new));
        for (var row : table()) {
            assertThat(row.cells()).as(row.toString()).hasSize(PermissionBasis.values().length);
            assertThat(row.cells()).allMatch(cell -> "er".contains(cell) || REASONS.containsKey(cell));
        }
    }

    @Test
    void says_why_nothing_can_be_taken_away() {
        for (var basis : PermissionBasis.values()) {
            assertThat(table().stream().anyMatch(row -> "er".contains(row.cell(basis))))
                    .as(basis.column())
                    .isEqualTo(basis.canChange());
        }
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"ASSIGNMENT_ENDS", "TENANT", "LOCALITY"})
    void ends_with(PermissionBasis basis, TestReporter reporter) throws Exception {
        try (var setup = Setup.of(basis, directory)) {
            var plane = setup.plane();
            prepare(plane, setup);
            basis.prepare(setup);
            var permissions = new LinkedHashMap<String, Permission>();
            var changed = new AtomicLong();
            for (var row : table()) {
                if ("er".contains(row.cell(basis))) {
                    add(permissions, setup, row, basis, changed);
                }
            }
            changed.set(System.nanoTime());
            basis.change(setup);
            var longest = new AtomicLong();
            await().pollInSameThread()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(PAUSE)
                    .atMost(basis.bound().plus(DRAIN).plus(MARGIN))
                    .untilAsserted(() -> {
                        removeThoseThatAreOver(permissions, changed.get(), longest);
                        assertThat(permissions.keySet()).as("still permitted").isEmpty();
                    });
            reporter.publishEntry(
                    basis.column(), Duration.ofNanos(longest.get()).toMillis() + " ms");
            assertThat(Duration.ofNanos(longest.get())).isLessThan(basis.bound().plus(MARGIN));
            basis.afterwards(setup);
        }
    }

    /** @param longest the time of the last that ended, of those whose end is seen at once */
    private static void removeThoseThatAreOver(Map<String, Permission> permissions, long changed, AtomicLong longest)
            throws InterruptedException {
        for (var entries = permissions.entrySet().iterator(); entries.hasNext(); ) {
            var permission = entries.next();
            if (permission.getValue().isOver()) {
                entries.remove();
                boolean isDrainedFirst = permission.getKey().endsWith("read")
                        || permission.getKey().endsWith("slowly");
                if (!isDrainedFirst) {
                    longest.set(System.nanoTime() - changed);
                }
            }
        }
    }

    private static void prepare(GatedPlane plane, Setup setup) {
        for (var patient : List.of("ada", "bob", "zoe")) {
            plane.register(patient);
        }
        plane.grant("ada");
        for (var device : List.of("monitor", "spare")) {
            plane.registerDevice(device, Device.Status.ACTIVE);
        }
        for (int batch = 1; batch <= BATCHES; batch++) {
            setup.send(readings("monitor", "ada", batch));
        }
        for (int group = 1; group <= RECORD_GROUPS; group++) {
            appendRecords(plane);
        }
    }

    /** Makes the audit trail longer than what the buffers of a connection hold. */
    private static void appendRecords(GatedPlane plane) {
        var record = new AuditRecord(
                plane.now(),
                "somebody",
                "auditor",
                "local",
                "audit",
                "an rpc",
                "",
                "",
                List.of(),
                Decision.PERMITTED,
                "r".repeat(AuditRecord.MAX_TEXT_LENGTH),
                "",
                "",
                "");
        Stream.generate(() -> plane.audit.append(record))
                .limit(RECORDS)
                .toList()
                .forEach(written -> written.toCompletableFuture().join());
    }

    private static PutReadingsRequest readings(String device, String patient, int number) {
        var columns = Columns.newBuilder()
                .setCode(HEART_RATE)
                .setUnit("/min")
                .setStartUs(START + (long) number * READINGS * 1_000_000);
        for (int i = 0; i < READINGS; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : 1_000_000).addValues(60 + i % 11 / 10.0);
        }
        return PutReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId(device)
                        .setPatientId(patient)
                        .setSequence(1_000 + number)
                        .addColumns(columns))
                .build();
    }

    private static void add(
            Map<String, Permission> permissions, Setup setup, Row row, PermissionBasis basis, AtomicLong changed)
            throws InterruptedException {
        long drain = basis.bound().plus(DRAIN).toNanos();
        var method = row.method();
        var type = method.getType();
        boolean isEnded = row.cell(basis).equals("e");
        var request = row.request();
        if (type == MethodDescriptor.MethodType.UNARY) {
            var channel = setup.channel(row.role(), WINDOW_BYTES);
            assertThat(CallResult.of(channel, method, request).isPermitted())
                    .as(row.toString())
                    .isTrue();
            permissions.put(row.toString(), () -> isRefused(CallResult.of(channel, method, request)));
        } else if (!type.clientSendsOneMessage()) {
            var busy = LiveCall.open(setup.channel(row.role(), WINDOW_BYTES), method, request);
            busy.receiveAll();
            permissions.put(row + ", busy", () -> {
                busy.send(request);
                return isEnded ? busy.isEnded() : busy.isRefused();
            });
            if (isEnded) {
                var idle = LiveCall.open(setup.channel(row.role(), WINDOW_BYTES), method, request);
                permissions.put(row + ", idle", idle::isEnded);
            }
        } else if (row.rpc().endsWith("Watch")) {
            var watch = LiveCall.open(setup.channel(row.role(), WINDOW_BYTES), method, request);
            watch.receiveAll();
            permissions.put(row + ", idle", watch::isEnded);
        } else {
            addAnswer(permissions, setup, row, BUSY_READS, () -> System.nanoTime() - changed.get() > drain);
            addAnswer(permissions, setup, row, 0, () -> System.nanoTime() - changed.get() > drain);
        }
    }

    /** Adds an answer that is too long for the buffers. Its client reads the rest when its permission must be over. */
    private static void addAnswer(
            Map<String, Permission> permissions, Setup setup, Row row, int reads, BooleanSupplier isDue)
            throws InterruptedException {
        var answer = LiveCall.open(setup.channel(row.role(), SMALL_WINDOW_BYTES), row.method(), row.request());
        var readsLeft = new AtomicInteger(reads);
        permissions.put(row + (reads > 0 ? ", read slowly" : ", not read"), () -> {
            if (isDue.getAsBoolean()) {
                answer.receiveAll();
            } else if (readsLeft.getAndDecrement() > 0) {
                answer.receive(1);
            }
            return answer.isEnded();
        });
    }

    private static boolean isRefused(CallResult result) {
        return switch (result.code()) {
            case PERMISSION_DENIED, UNAUTHENTICATED, UNAVAILABLE -> true;
            default -> false;
        };
    }
}
