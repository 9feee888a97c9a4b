package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.assignment.Assignments;
import io.pulseplane.coherence.WindowCache;
import io.pulseplane.ingest.AssignmentCheck;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.ingest.IngestEvents;
import io.pulseplane.ingest.RegistrationCheck;
import io.pulseplane.live.ChangePublisher;
import io.pulseplane.live.LatestCache;
import io.pulseplane.live.Watchers;
import io.pulseplane.query.AggregateQuery;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.query.LatestQuery;
import io.pulseplane.query.RangeQuery;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.postgres.PostgresServer;
import io.pulseplane.store.postgres.PostgresStore;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.Reading;
import io.pulseplane.v1.RejectionReason;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.v1.WatchRequest;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.BatchScreener.ImplausiblePolicy;
import io.pulseplane.vitals.BatchScreener.UnknownCodePolicy;
import io.pulseplane.vitals.Catalogue;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of readings that are possible, but not plausible: sent and asked for over gRPC, in every store. */
class ImplausibleReadingsTest {

    private static final long SECOND = 1_000_000;
    private static final long MINUTE = 60 * SECOND;
    private static final long START = 1_767_225_600L * SECOND;
    private static final long NOW = START + 3600 * SECOND;
    private static final String HEART_RATE = "8867-4";
    private static final String MEAN_PRESSURE = "76212-0";

    /** A heart that stops for a while: one reading each ten seconds. The last minute has nothing else. */
    private static final double[] ASYSTOLE = {80, 0, 0, 40, 601, 90, 70, 71, 72, 73, 74, 75, 0, 0, 0, 0, 0, 0};

    private static final Vertx VERTX = Vertx.vertx();

    @TempDir
    Path directory;

    private Store store;
    private Server server;
    private ManagedChannel channel;

    enum Kind {
        JOURNAL,
        CHUNKS,
        POSTGRES
    }

    private static final class UncountedEvents implements IngestEvents {

        @Override
        public void batchStored(Acknowledgement acknowledgement, long nanos) {}

        @Override
        public void batchRepeated(int readings) {}

        @Override
        public void groupCommitted(int batches, long nanos) {}

        @Override
        public void batchRefused() {}
    }

    private void open(Kind kind) {
        var postgres = PostgresServer.shared();
        store = kind == Kind.POSTGRES
                ? PostgresStore.open(VERTX, postgres.settings(postgres.createDatabase()), () -> NOW)
                : EdgeStore.open(directory, 2, () -> NOW);
    }

    private void serve(ImplausiblePolicy policy, Catalogue catalogue) throws IOException {
        stopServing();
        var limits = new EndpointLimits(
                100_000, 8 << 20, new Deadlines(Duration.ofSeconds(30), Duration.ofSeconds(30)), Duration.ofSeconds(5));
        var latest = new LatestCache(1 << 20);
        var watchers = new Watchers(1_000);
        var windows = new WindowCache(1 << 20, Duration.ofMinutes(5))
                .windowSource(store.readings(), Site.SINGLE_PLANE, () -> NOW);
        var ingest = new Ingest(
                new BatchScreener(catalogue, UnknownCodePolicy.REFUSE, policy, Duration.ofSeconds(5), 0),
                new RegistrationCheck(RegistrationCheck.UnregisteredPolicy.ACCEPT, store.registry()),
                new AssignmentCheck(Assignments.any()),
                store,
                new ChangePublisher(latest, watchers, Site.SINGLE_PLANE),
                1 << 20,
                new UncountedEvents(),
                () -> NOW,
                () -> false);
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new IngestEndpoint(ingest, limits))
                .addService(new QueryEndpoint(
                        new LatestQuery(latest, store),
                        new RangeQuery(store),
                        new AggregateQuery(store, windows, catalogue, Assignments.any()),
                        watchers,
                        AnswerBudget.unbounded(),
                        limits,
                        catalogue))
                .build()
                .start();
        channel = ManagedChannelBuilder.forAddress("localhost", server.getPort())
                .usePlaintext()
                .build();
    }

    private void stopServing() {
        if (server != null) {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }

    @AfterEach
    void close() {
        stopServing();
        store.close();
    }

    @AfterAll
    static void closeVertx() {
        VERTX.close().toCompletionStage().toCompletableFuture().join();
    }

    private QueryServiceGrpc.QueryServiceBlockingStub query() {
        return QueryServiceGrpc.newBlockingStub(channel);
    }

    private io.pulseplane.v1.Acknowledgement send(long sequence, String code, String unit, double... values) {
        var columns = Columns.newBuilder().setCode(code).setUnit(unit).setStartUs(START);
        for (int i = 0; i < values.length; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : 10 * SECOND).addValues(values[i]);
        }
        // A device that sends marks of its own gets those of the plane.
        columns.addImplausible(0);
        var batch = Batch.newBuilder()
                .setDeviceId("monitor")
                .setPatientId("ada")
                .setSequence(sequence)
                .addColumns(columns);
        return IngestServiceGrpc.newBlockingStub(channel)
                .putReadings(PutReadingsRequest.newBuilder().setBatch(batch).build())
                .getAcknowledgement();
    }

    private void compactIfChunks(Kind kind) {
        if (kind == Kind.CHUNKS) {
            ReadingFixtures.await(((EdgeStore) store).compact());
        }
    }

    private Columns range() {
        var pages = new ArrayList<Columns>();
        query().queryReadings(QueryReadingsRequest.newBuilder()
                        .setPatientId("ada")
                        .addCodes(HEART_RATE)
                        .build())
                .forEachRemaining(page -> page.getSeriesList().forEach(series -> pages.add(series.getColumns())));
        assertThat(pages).hasSize(1);
        return pages.getFirst();
    }

    private AggregateResponse minutes(boolean include, double... quantiles) {
        var request = AggregateRequest.newBuilder()
                .setPatientId("ada")
                .addCodes(HEART_RATE)
                .setFromUs(START)
                .setToUs(START + 3 * MINUTE)
                .setWindowUs(MINUTE)
                .setIncludeImplausible(include);
        for (double quantile : quantiles) {
            request.addQuantiles(quantile);
        }
        return query().aggregate(request.build()).next();
    }

    private io.pulseplane.v1.Statistics statistics(boolean include, double... quantiles) {
        var request = GetStatisticsRequest.newBuilder()
                .setPatientId("ada")
                .addCodes(HEART_RATE)
                .setIncludeImplausible(include);
        for (double quantile : quantiles) {
            request.addQuantiles(quantile);
        }
        return query().getStatistics(request.build()).getStatistics(0);
    }

    private Reading latest() {
        return query().getLatest(GetLatestRequest.newBuilder()
                        .setPatientId("ada")
                        .addCodes(HEART_RATE)
                        .build())
                .getReadings(0);
    }

    private Reading latestOfStream() throws Exception {
        var answer = new CompletableFuture<StreamLatestResponse>();
        var requests = QueryServiceGrpc.newStub(channel).streamLatest(new StreamObserver<>() {
            @Override
            public void onNext(StreamLatestResponse response) {
                answer.complete(response);
            }

            @Override
            public void onError(Throwable failure) {
                answer.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {}
        });
        requests.onNext(StreamLatestRequest.newBuilder().setPatientId("ada").build());
        var reading = answer.get(10, TimeUnit.SECONDS).getReadings(0);
        requests.onCompleted();
        return reading;
    }

    @ParameterizedTest
    @EnumSource
    void are_kept_and_marked_in_every_answer_that_has_readings(Kind kind) throws Exception {
        open(kind);
        serve(ImplausiblePolicy.MARK, Catalogue.standard());
        var watched =
                query().watch(WatchRequest.newBuilder().addPatientIds("ada").build());
        watched.next();

        var acknowledgement = send(1, HEART_RATE, "/min", ASYSTOLE);
        assertThat(acknowledgement.getAccepted()).isEqualTo(17);
        assertThat(acknowledgement.getRejections(0).getReason())
                .isEqualTo(RejectionReason.REJECTION_REASON_IMPLAUSIBLE);
        assertThat(acknowledgement.getRejections(0).getIndexesList()).containsExactly(4);
        assertThat(acknowledgement.getRejections(0).getExplanation()).isEqualTo("the value must be from 0 to 600 /min");
        compactIfChunks(kind);

        var marks = List.of(1, 2, 11, 12, 13, 14, 15, 16);
        assertThat(watched.next().getSeries(0).getColumns().getImplausibleList())
                .isEqualTo(marks);
        assertThat(range().getImplausibleList()).isEqualTo(marks);
        assertThat(range().getValuesCount()).isEqualTo(17);
        for (var reading : List.of(latest(), latestOfStream())) {
            assertThat(reading.getValue()).isZero();
            assertThat(reading.getImplausible()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void are_left_out_of_windows_and_statistics_unless_asked_for(Kind kind) throws Exception {
        open(kind);
        serve(ImplausiblePolicy.MARK, Catalogue.standard());
        send(1, HEART_RATE, "/min", ASYSTOLE);
        compactIfChunks(kind);
        // Each twice, so that the second answer comes from the cache; and with quantiles, which have a way of their
        // own.
        for (var quantiles : new double[][] {{}, {}, {0.5}}) {
            var plausible = minutes(false, quantiles);
            assertThat(plausible.getStepsList()).containsExactly(0L, 1L);
            assertThat(plausible.getCountList()).containsExactly(3L, 6L);
            assertThat(plausible.getMinList()).containsExactly(40.0, 70.0);
            assertThat(plausible.getMeanList()).containsExactly(70.0, 72.5);
            assertThat(plausible.getFirstList()).containsExactly(80.0, 70.0);

            var all = minutes(true, quantiles);
            assertThat(all.getCountList()).containsExactly(5L, 6L, 6L);
            assertThat(all.getMinList()).containsExactly(0.0, 70.0, 0.0);
            assertThat(all.getLastList()).containsExactly(90.0, 75.0, 0.0);

            assertThat(statistics(false, quantiles).getCount()).isEqualTo(9);
            assertThat(statistics(false, quantiles).getMin()).isEqualTo(40);
            assertThat(statistics(false, quantiles).getLast()).isEqualTo(75);
            assertThat(statistics(true, quantiles).getCount()).isEqualTo(17);
            assertThat(statistics(true, quantiles).getMin()).isZero();
            assertThat(statistics(true, quantiles).getLast()).isZero();
        }
        assertThat(statistics(false, 0.5).getQuantiles(0)).isEqualTo(73);
        assertThat(statistics(true, 0.5).getQuantiles(0)).isEqualTo(40);
    }

    @ParameterizedTest
    @EnumSource
    void are_refused_by_default(Kind kind) throws Exception {
        open(kind);
        serve(ImplausiblePolicy.REFUSE, Catalogue.standard());
        var acknowledgement = send(1, HEART_RATE, "/min", ASYSTOLE);
        assertThat(acknowledgement.getAccepted()).isEqualTo(9);
        assertThat(acknowledgement.getRejections(0).getIndexesList()).containsExactly(1, 2, 4, 12, 13, 14, 15, 16, 17);
        compactIfChunks(kind);
        assertThat(range().getImplausibleList()).isEmpty();
        assertThat(latest().getImplausible()).isFalse();
        assertThat(minutes(true)).isEqualTo(minutes(false));
    }

    /** The mark is of the catalogue of now: nothing of it is stored. */
    @ParameterizedTest
    @EnumSource
    void lose_the_mark_where_the_catalogue_takes_them_for_plausible(Kind kind) throws Exception {
        open(kind);
        serve(ImplausiblePolicy.MARK, Catalogue.standard());
        assertThat(send(1, MEAN_PRESSURE, "mm[Hg]", 25).getAccepted()).isEqualTo(1);
        compactIfChunks(kind);
        var request = GetLatestRequest.newBuilder().setPatientId("ada").build();
        assertThat(query().getLatest(request).getReadings(0).getImplausible()).isTrue();

        serve(ImplausiblePolicy.REFUSE, Catalogue.neonatal());
        assertThat(query().getLatest(request).getReadings(0).getImplausible()).isFalse();
        assertThat(send(2, MEAN_PRESSURE, "mm[Hg]", 25, 24).getAccepted()).isEqualTo(1);
        assertThat(query().getStatistics(GetStatisticsRequest.newBuilder()
                                .setPatientId("ada")
                                .build())
                        .getStatistics(0)
                        .getCount())
                .isEqualTo(2);
    }
}
