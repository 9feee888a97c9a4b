package io.pulseplane.client;

import io.pulseplane.v1.Batch;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Function;

/** A stream for each of many devices, since each sends a token of its own. Belongs to one thread. */
public final class DeviceStreams {

    /** Beyond it, the stream that was used longest ago is ended; it is opened anew when its device has more. */
    public static final int MAX_OPEN = 500;

    private final Function<String, ReadingsStream> open;
    private final SequencedMap<String, ReadingsStream> streams = new LinkedHashMap<>(16, 0.75f, true);

    /** @param open opens the stream of a device */
    public DeviceStreams(Function<String, ReadingsStream> open) {
        this.open = open;
    }

    /** Sends a batch as {@link ReadingsStream#send} does. */
    public void send(Batch batch) throws InterruptedException {
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

    /** Waits until everything is acknowledged, and ends the streams. */
    public void finish() throws InterruptedException {
        for (var stream : streams.values()) {
            stream.finish();
        }
    }
}
