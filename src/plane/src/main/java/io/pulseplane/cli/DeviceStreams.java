package io.pulseplane.cli;

import io.pulseplane.api.v1.Batch;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Function;

/** A stream for each device, since each has to say who it is. Belongs to one thread. */
final class DeviceStreams {

    /** Beyond it the one that was silent longest is ended, and begun anew when there is more. */
    private static final int MAX_OPEN = 500;

    private final Function<String, ReadingsStream> open;
    private final SequencedMap<String, ReadingsStream> streams = new LinkedHashMap<>(16, 0.75f, true);

    DeviceStreams(Function<String, ReadingsStream> open) {
        this.open = open;
    }

    /** Sends a batch; throws what the plane said if it is gone for good. */
    void send(Batch batch) throws InterruptedException {
        var device = batch.getDeviceId();
        var stream = streams.get(device);
        if (stream == null) {
            if (streams.size() >= MAX_OPEN) {
                streams.pollFirstEntry().getValue().finish();
            }
            stream = open.apply(device);
            streams.put(device, stream);
        }
        stream.send(batch);
    }

    /** Waits until everything is acknowledged and ends the streams. */
    void finish() throws InterruptedException {
        for (var stream : streams.values()) {
            stream.finish();
        }
    }
}
