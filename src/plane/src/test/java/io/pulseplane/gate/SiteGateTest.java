package io.pulseplane.gate;

import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.assignment.PatientPolicy;
import io.pulseplane.coherence.RedisProcess;
import io.pulseplane.coherence.RedisSettings;
import io.pulseplane.coherence.RedisSite;
import io.pulseplane.coherence.RemoteChangeListener;
import io.pulseplane.coherence.SiteEvents;
import io.pulseplane.coherence.WindowCache;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.store.Device;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.WatchRequest;
import io.pulseplane.v1.WatchResponse;
import io.pulseplane.vitals.Reading;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the gate of one plane honours changes that come through another plane, with Redis and without. */
class SiteGateTest {

    private static final String STAFF = "authorized_medical_staff";
    private static final String HEART_RATE = "8867-4";
    private static final long T0 = 1_763_000_000_000_000L;
    private static final SiteEvents NO_EVENTS = new SiteEvents() {};

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private final MemoryStore store = new MemoryStore(() -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()));
    private RedisProcess redis;
    private Member one;
    private Member two;
    private long sequence;

    /** One plane of the site. */
    private record Member(GatedPlane plane, RedisSite site) implements AutoCloseable {

        @Override
        public void close() {
            site.close();
            plane.close();
        }
    }

    @BeforeEach
    void open() throws IOException {
        redis = new RedisProcess();
        one = member("one");
        two = member("two");
        await().atMost(TIMEOUT).until(() -> one.site.isSharing() && two.site.isSharing() && one.site.planeCount() == 2);
        one.plane.register("ada");
        one.plane.register("bob");
        one.plane.registerDevice("monitor", Device.Status.ACTIVE);
    }

    private Member member(String name) throws IOException {
        return member(name, GatedPlane.Options.DEFAULTS);
    }

    private Member member(String name, GatedPlane.Options options) throws IOException {
        var server = RedisSettings.Server.of(RedisSettings.Type.STANDALONE, List.of(redis.url()), "");
        var settings = RedisSettings.of(name, server, new Keyset(new byte[32], List.of()));
        var site = new RedisSite(vertx, settings, NO_EVENTS, new WindowCache(0, Duration.ofMinutes(5)));
        var plane = new GatedPlane(Files.createDirectory(directory.resolve(name)), options, store, site);
        site.start(new RemoteChangeApplier(plane.gate, plane.changes));
        return new Member(plane, site);
    }

    private record RemoteChangeApplier(Gate gate, ChangePublisher changes) implements RemoteChangeListener {

        @Override
        public void readingStored(Reading reading) {
            gate.onRemoteReadings(reading.series().device(), reading.series().patient());
        }

        @Override
        public void consentChanged(String patient) {
            gate.onRemoteConsentChange(patient);
            changes.assignmentChangedElsewhere(patient);
        }

        @Override
        public void patientErased(String patient) {
            gate.onRemoteErasure(patient);
        }

        @Override
        public void deviceChanged(String device) {
            gate.onRemoteDeviceChange(device);
        }

        @Override
        public void changesMayBeMissing() {
            gate.recheckRunningCalls();
        }
    }

    @AfterEach
    void close() {
        redis.resume();
        one.close();
        two.close();
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private static Status.Code latest(Member member, String patient) {
        var request = GetLatestRequest.newBuilder()
                .setPatientId(patient)
                .addCodes(HEART_RATE)
                .build();
        return CallResult.of(member.plane.as(STAFF), QueryServiceGrpc.getGetLatestMethod(), request)
                .code();
    }

    private Status.Code put(Member member, String patient) {
        var batch = Batch.newBuilder()
                .setDeviceId("monitor")
                .setPatientId(patient)
                .setSequence(++sequence)
                .addColumns(Columns.newBuilder()
                        .setCode(HEART_RATE)
                        .setUnit("/min")
                        .setStartUs(T0 + sequence)
                        .addTimeDeltaUs(0)
                        .addValues(60));
        Channel channel = member.plane.asDevice("monitor");
        return CallResult.of(
                        channel,
                        IngestServiceGrpc.getPutReadingsMethod(),
                        PutReadingsRequest.newBuilder().setBatch(batch).build())
                .code();
    }

    private static void eventually(Status.Code code, Member member, String patient) {
        await().atMost(TIMEOUT).until(() -> latest(member, patient) == code);
    }

    @Test
    void consent_that_is_granted_and_withdrawn_through_one_plane_is_honoured_by_the_other() {
        assertThat(latest(two, "ada")).isEqualTo(Status.Code.PERMISSION_DENIED);
        one.plane.grant("ada");
        eventually(Status.Code.OK, two, "ada");
        one.plane.withdraw("ada");
        eventually(Status.Code.PERMISSION_DENIED, two, "ada");
    }

    @Test
    void consent_that_is_withdrawn_while_redis_does_not_answer_is_honoured_by_the_other() {
        one.plane.grant("ada");
        eventually(Status.Code.OK, two, "ada");
        redis.pause();
        one.plane.withdraw("ada");
        eventually(Status.Code.PERMISSION_DENIED, two, "ada");
    }

    @Test
    void consent_that_is_withdrawn_while_redis_is_gone_is_honoured_by_the_other() {
        one.plane.grant("ada");
        eventually(Status.Code.OK, two, "ada");
        redis.kill();
        one.plane.withdraw("ada");
        eventually(Status.Code.PERMISSION_DENIED, two, "ada");
        one.plane.grant("ada");
        eventually(Status.Code.OK, two, "ada");
    }

    @Test
    void a_watch_through_one_plane_ends_when_consent_is_withdrawn_through_the_other() throws Exception {
        one.plane.grant("ada");
        eventually(Status.Code.OK, two, "ada");
        var end = watch("ada");
        one.plane.withdraw("ada");
        assertThat(end.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void a_watch_ends_although_redis_does_not_answer() throws Exception {
        one.plane.grant("ada");
        eventually(Status.Code.OK, two, "ada");
        var end = watch("ada");
        redis.pause();
        one.plane.withdraw("ada");
        assertThat(end.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void an_assignment_that_begins_and_ends_through_one_plane_counts_for_the_other() throws Exception {
        var options = GatedPlane.Options.DEFAULTS.withPatients(PatientPolicy.PROVISIONAL);
        try (var three = member("three", options);
                var four = member("four", options)) {
            await().atMost(TIMEOUT)
                    .until(() -> three.site.isSharing() && four.site.isSharing() && three.site.planeCount() == 4);
            assertThat(put(three, "ada")).isEqualTo(Status.Code.OK);
            three.plane.grant("ada");
            eventually(Status.Code.OK, four, "ada");
            assertThat(readingCount(four, "ada")).isZero();
            ReadingFixtures.await(three.plane.gate.registry().assign("monitor", "ada", T0));
            await().atMost(TIMEOUT).until(() -> readingCount(four, "ada") == 1);
            redis.kill();
            ReadingFixtures.await(three.plane.gate.registry().assign("monitor", "bob", T0));
            await().atMost(TIMEOUT).until(() -> readingCount(four, "ada") == 0);
        }
    }

    private static int readingCount(Member member, String patient) {
        return QueryServiceGrpc.newBlockingStub(member.plane.as(STAFF))
                .getLatest(GetLatestRequest.newBuilder().setPatientId(patient).build())
                .getReadingsCount();
    }

    private CompletableFuture<Status.Code> watch(String patient) throws Exception {
        var started = new CompletableFuture<Void>();
        var end = new CompletableFuture<Status.Code>();
        QueryServiceGrpc.newStub(two.plane.as(STAFF))
                .watch(WatchRequest.newBuilder().addPatientIds(patient).build(), new StreamObserver<WatchResponse>() {
                    @Override
                    public void onNext(WatchResponse response) {
                        started.complete(null);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        end.complete(
                                ((StatusRuntimeException) failure).getStatus().getCode());
                    }

                    @Override
                    public void onCompleted() {
                        end.complete(Status.Code.OK);
                    }
                });
        started.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        return end;
    }

    @Test
    void a_token_of_a_patient_who_is_erased_through_one_plane_is_void_for_the_other() {
        var token = two.plane.asPatient("ada");
        assertThat(GateRequests.latest(token, "ada").code()).isEqualTo(Status.Code.OK);
        ReadingFixtures.await(one.plane.gate.registry().erasePatient("ada"));
        one.plane.register("ada");
        await().atMost(TIMEOUT).until(() -> GateRequests.latest(token, "ada").code() == Status.Code.UNAUTHENTICATED);
    }

    @Test
    void a_device_that_is_retired_through_one_plane_stores_nothing_through_the_other() {
        assertThat(put(two, "ada")).isEqualTo(Status.Code.OK);
        one.plane.registerDevice("monitor", Device.Status.RETIRED);
        await().atMost(TIMEOUT).until(() -> put(two, "ada") == Status.Code.PERMISSION_DENIED);
    }

    @Test
    void a_device_is_read_with_the_consent_of_its_patients_of_another_plane() {
        one.plane.grant("ada");
        assertThat(put(one, "ada")).isEqualTo(Status.Code.OK);
        var ofDevice = GetLatestRequest.newBuilder().setDeviceId("monitor").build();
        await().atMost(TIMEOUT)
                .until(() -> CallResult.of(two.plane.as(STAFF), QueryServiceGrpc.getGetLatestMethod(), ofDevice)
                                .code()
                        == Status.Code.OK);
        assertThat(put(one, "bob")).isEqualTo(Status.Code.OK);
        await().atMost(TIMEOUT)
                .until(() -> CallResult.of(two.plane.as(STAFF), QueryServiceGrpc.getGetLatestMethod(), ofDevice)
                                .code()
                        == Status.Code.PERMISSION_DENIED);
    }
}
