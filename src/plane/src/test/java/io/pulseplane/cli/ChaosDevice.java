package io.pulseplane.cli;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A device that streams, goes to another plane when one does not answer, and resends what was not acknowledged. */
final class ChaosDevice {

    static final String CODE = "8867-4";
    static final int READINGS = 5;

    private static final int MAX_IN_FLIGHT = 40;
    private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long BETWEEN_BATCHES_NANOS = TimeUnit.MILLISECONDS.toNanos(15);

    final String patient;
    private final String device;
    private final ChaosSite site;
    private final SplittableRandom random;
    private final long begin;
    private final NavigableMap<Long, Batch> sent = new TreeMap<>();
    private final NavigableMap<Long, Batch> unacknowledged = new ConcurrentSkipListMap<>();

    /** By the moment of a promise, the time of the latest reading that was promised to be everywhere soon after it. */
    private final NavigableMap<Long, Long> acknowledgedUntil = new ConcurrentSkipListMap<>();

    /** What was said of each batch, and when and by whom, for whoever has to find out what went wrong. */
    private final Map<Long, String> responses = new ConcurrentSkipListMap<>();

    private volatile int provisional;
    private volatile int acknowledged;

    ChaosDevice(int number, ChaosSite site, long begin, SplittableRandom random) {
        this.patient = "patient-" + number;
        this.device = "device-" + number;
        this.site = site;
        this.begin = begin;
        this.random = random;
    }

    int acknowledged() {
        return acknowledged;
    }

    int provisional() {
        return provisional;
    }

    /** The time of the latest reading that had been acknowledged for good before then; 0 if none had. */
    long acknowledgedBefore(long nanos) {
        var last = acknowledgedUntil.lowerEntry(nanos);
        return last == null ? 0 : last.getValue();
    }

    /** Every reading that was sent, by its time. Only when nothing is under way any more. */
    Map<Long, Double> readings() {
        var readings = new TreeMap<Long, Double>();
        for (var batch : sent.values()) {
            var columns = batch.getColumns(0);
            for (int i = 0; i < READINGS; i++) {
                readings.put(columns.getStartUs() + i, columns.getValues(i));
            }
        }
        return readings;
    }

    /** What was said of the batch that a reading was in. */
    String responseTo(long time) {
        long sequence = (time - begin) / READINGS;
        return sequence + ": " + responses.get(sequence);
    }

    /** Streams while it goes on, then until everything is acknowledged. */
    void run(BooleanSupplier goesOn, BooleanSupplier gaveUp) {
        while (!gaveUp.getAsBoolean() && (goesOn.getAsBoolean() || !unacknowledged.isEmpty())) {
            var planes = site.planes();
            new Stream(planes.get(random.nextInt(planes.size())).instance()).run(goesOn);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        if (!unacknowledged.isEmpty()) {
            throw new AssertionError(device + " was never acknowledged " + unacknowledged.keySet());
        }
    }

    private Batch next() {
        long sequence = sent.size() + 1L;
        var columns = Columns.newBuilder().setCode(CODE).setUnit("/min").setStartUs(begin + sequence * READINGS);
        for (int i = 0; i < READINGS; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : 1).addValues(40 + (sequence * READINGS + i) % 200);
        }
        var batch = Batch.newBuilder()
                .setDeviceId(device)
                .setPatientId(patient)
                .setSequence(sequence)
                .addColumns(columns)
                .build();
        sent.put(sequence, batch);
        unacknowledged.put(sequence, batch);
        return batch;
    }

    /** One stream to one plane. */
    private final class Stream implements ClientResponseObserver<StreamReadingsRequest, StreamReadingsResponse> {

        private final ChaosSite.PlaneComponent.Instance to;
        private ClientCallStreamObserver<StreamReadingsRequest> requests;
        private volatile long lastResponseNanos = System.nanoTime();
        private volatile boolean ended;

        Stream(ChaosSite.PlaneComponent.Instance to) {
            this.to = to;
        }

        void run(BooleanSupplier goesOn) {
            IngestServiceGrpc.newStub(to.plane().asDevice(to.channel(), device)).streamReadings(this);
            List<Batch> again = new ArrayList<>(unacknowledged.values());
            again.forEach(this::send);
            while (!ended && (goesOn.getAsBoolean() || !unacknowledged.isEmpty())) {
                if (!unacknowledged.isEmpty() && System.nanoTime() - lastResponseNanos > STALLED_NANOS) {
                    break;
                }
                if (goesOn.getAsBoolean() && unacknowledged.size() < MAX_IN_FLIGHT) {
                    send(next());
                }
                LockSupport.parkNanos(BETWEEN_BATCHES_NANOS);
            }
            requests.cancel("on to another plane", null);
        }

        private void send(Batch batch) {
            if (!ended) {
                requests.onNext(
                        StreamReadingsRequest.newBuilder().setBatch(batch).build());
            }
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<StreamReadingsRequest> stream) {
            requests = stream;
        }

        @Override
        public void onNext(StreamReadingsResponse response) {
            lastResponseNanos = System.nanoTime();
            switch (response.getOutcomeCase()) {
                case ACKNOWLEDGEMENT -> {
                    var acknowledgement = response.getAcknowledgement();
                    if (acknowledgement.getAccepted() != READINGS) {
                        throw new AssertionError("of " + READINGS + " readings, " + acknowledgement.getAccepted());
                    }
                    responses.putIfAbsent(
                            acknowledgement.getSequence(),
                            Instant.now() + " by " + to.plane().directory().getFileName()
                                    + (acknowledgement.getProvisional() ? ", provisional" : "")
                                    + (acknowledgement.getRepeatedBatch() ? ", repeated" : ""));
                    acknowledged(acknowledgement.getSequence(), acknowledgement.getProvisional());
                }
                case REFUSED -> {
                    int code = response.getRefused().getError().getCode();
                    if (code != Status.Code.UNAVAILABLE.value() && code != Status.Code.RESOURCE_EXHAUSTED.value()) {
                        throw new AssertionError(
                                "refused: " + response.getRefused().getError());
                    }
                    ended = true;
                }
                case OUTCOME_NOT_SET -> throw new AssertionError("no outcome");
            }
        }

        private void acknowledged(long sequence, boolean waits) {
            var batch = unacknowledged.remove(sequence);
            if (batch == null) {
                return;
            }
            acknowledged++;
            if (waits) {
                provisional++;
            } else {
                long latest = batch.getColumns(0).getStartUs() + READINGS - 1;
                var before = acknowledgedUntil.lastEntry();
                acknowledgedUntil.put(System.nanoTime(), before == null ? latest : Math.max(latest, before.getValue()));
            }
        }

        @Override
        public void onError(Throwable failure) {
            ended = true;
        }

        @Override
        public void onCompleted() {
            ended = true;
        }
    }
}
