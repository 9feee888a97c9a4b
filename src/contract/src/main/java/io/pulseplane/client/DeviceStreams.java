package io.pulseplane.client;

import io.pulseplane.v1.Batch;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Function;

/** Keeps one stream for each of many devices, because each device has its own token. Not thread-safe. */
public final class DeviceStreams {

    /**
     * At this bound, the least recently used stream is finished; it is opened again with the next batch of its device.
     */
    public static final int MAX_OPEN = 500;

    private final Function<String, ReadingsStream> openStream;
    private final SequencedMap<String, ReadingsStream> streams = new LinkedHashMap<>(16, 0.75f, true);

    /** @param openStream opens the stream of a device */
    public DeviceStreams(Function<String, ReadingsStream> openStream) {
        this.openStream = openStream;
    }

    /** Sends a batch as {@link ReadingsStream#send} does. */
    public void send(Batch batch) throws InterruptedException {
        var device = batch.getDeviceId();
        var stream = streams.get(device);
        if (stream == null) {
            if (streams.size() >= MAX_OPEN) {
                streams.pollFirstEntry().getValue().finish();
            }
            stream = openStream.apply(device);
            streams.put(device, stream);
        }
        stream.send(batch);
    }

    /** Waits until every batch is acknowledged, and finishes all streams. */
    public void finish() throws InterruptedException {
        for (var stream : streams.values()) {
            stream.finish();
        }
    }
}
