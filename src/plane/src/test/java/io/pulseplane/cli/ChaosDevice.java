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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A device that streams, changes to another plane when one does not answer, and resends what was not acknowledged. */
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

    /**
     * By the {@link System#nanoTime} of an acknowledgement, the time of the latest reading acknowledged for good by
     * then.
     */
    private final NavigableMap<Long, Long> acknowledgedUntil = new ConcurrentSkipListMap<>();

    /** For the message of a failed test: which plane acknowledged each batch, when and how. */
    private final Map<Long, String> responses = new ConcurrentSkipListMap<>();

    private final AtomicInteger provisional = new AtomicInteger();
    private final AtomicInteger acknowledged = new AtomicInteger();

    ChaosDevice(int number, ChaosSite site, long begin, SplittableRandom random) {
        this.patient = "patient-" + number;
        this.device = "device-" + number;
        this.site = site;
        this.begin = begin;
        this.random = random;
    }

    int acknowledged() {
        return acknowledged.get();
    }

    int provisional() {
        return provisional.get();
    }

    /**
     * The time of the latest reading that was acknowledged for good before this {@link System#nanoTime}; 0 if none was.
     */
    long acknowledgedBefore(long nanos) {
        var last = acknowledgedUntil.lowerEntry(nanos);
        return last == null ? 0 : last.getValue();
    }

    /** Every reading that was sent, by its time. To be called when {@link #run} has ended. */
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

    /** The response to the batch that has the reading of this time. */
    String responseTo(long time) {
        long sequence = (time - begin) / READINGS;
        return sequence + ": " + responses.get(sequence);
    }

    /**
     * Streams new batches while the test runs, then until every batch is acknowledged.
     *
     * @throws AssertionError if a plane gave a wrong response, or a batch was never acknowledged
     */
    void run(BooleanSupplier isRunning, BooleanSupplier gaveUp) {
        while (!gaveUp.getAsBoolean() && (isRunning.getAsBoolean() || !unacknowledged.isEmpty())) {
            var planes = site.planes();
            new Stream(planes.get(random.nextInt(planes.size())).instance()).run(isRunning);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        if (!unacknowledged.isEmpty()) {
            throw new AssertionError("no plane acknowledged the batches " + unacknowledged.keySet() + " of " + device);
        }
    }

    private Batch next() {
        long sequence = sent.size() + 1L;
        var columns = Columns.newBuilder().setCode(CODE).setUnit("/min").setStartUs(begin + sequence * READINGS);
        for (int i = 0; i < READINGS; i++) {
            columns.addTimeDeltaUs(i == 0 ? 0 : 1).addValues(40 + ((sequence * READINGS + i) % 200));
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

    /**
     * One stream to one plane. gRPC cancels a call whose observer throws and shows the test nothing of it, so the first
     * failure is kept for {@link #run}.
     */
    private final class Stream implements ClientResponseObserver<StreamReadingsRequest, StreamReadingsResponse> {

        private final ChaosSite.PlaneComponent.Instance instance;
        private final AtomicReference<AssertionError> failure = new AtomicReference<>();
        private ClientCallStreamObserver<StreamReadingsRequest> requests;
        private volatile long lastResponseNanos = System.nanoTime();
        private volatile boolean ended;

        Stream(ChaosSite.PlaneComponent.Instance instance) {
            this.instance = instance;
        }

        void run(BooleanSupplier isRunning) {
            IngestServiceGrpc.newStub(instance.plane().asDevice(instance.channel(), device))
                    .streamReadings(this);
            List<Batch> batchesToResend = new ArrayList<>(unacknowledged.values());
            batchesToResend.forEach(this::send);
            while (!ended && (isRunning.getAsBoolean() || !unacknowledged.isEmpty())) {
                if (!unacknowledged.isEmpty() && System.nanoTime() - lastResponseNanos > STALLED_NANOS) {
                    break;
                }
                if (isRunning.getAsBoolean() && unacknowledged.size() < MAX_IN_FLIGHT) {
                    send(next());
                }
                LockSupport.parkNanos(BETWEEN_BATCHES_NANOS);
            }
            requests.cancel("the device changes to another plane", null);
            if (failure.get() != null) {
                throw failure.get();
            }
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
            try {
                accept(response);
            } catch (AssertionError e) {
                failure.compareAndSet(null, e);
                ended = true;
            } catch (RuntimeException e) {
                failure.compareAndSet(null, new AssertionError("a response could not be read", e));
                ended = true;
            }
        }

        private void accept(StreamReadingsResponse response) {
            switch (response.getOutcomeCase()) {
                case ACKNOWLEDGEMENT -> {
                    var acknowledgement = response.getAcknowledgement();
                    if (acknowledgement.getAccepted() != READINGS) {
                        throw new AssertionError(
                                "accepted " + acknowledgement.getAccepted() + " readings, sent " + READINGS);
                    }
                    responses.putIfAbsent(
                            acknowledgement.getSequence(),
                            Instant.now() + " by "
                                    + instance.plane().directory().getFileName()
                                    + (acknowledgement.getProvisional() ? ", provisional" : "")
                                    + (acknowledgement.getRepeatedBatch() ? ", repeated" : ""));
                    onAcknowledgement(acknowledgement.getSequence(), acknowledgement.getProvisional());
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

        private void onAcknowledgement(long sequence, boolean isProvisional) {
            var batch = unacknowledged.remove(sequence);
            if (batch == null) {
                return;
            }
            acknowledged.incrementAndGet();
            if (isProvisional) {
                provisional.incrementAndGet();
            } else {
                long latest = batch.getColumns(0).getStartUs() + READINGS - 1;
                var last = acknowledgedUntil.lastEntry();
                acknowledgedUntil.put(System.nanoTime(), last == null ? latest : Math.max(latest, last.getValue()));
            }
        }

        @Override
        public void onError(Throwable streamFailure) {
            ended = true;
        }

        @Override
        public void onCompleted() {
            ended = true;
        }
    }
}
