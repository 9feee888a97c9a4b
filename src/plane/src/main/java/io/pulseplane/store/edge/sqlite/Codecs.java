package io.pulseplane.store.edge.sqlite;

import io.pulseplane.store.crypto.AesGcm;
import io.pulseplane.vitals.chunk.ChunkEncoder;
import io.pulseplane.vitals.chunk.ChunkReader;

/** The tools of one thread; they keep their buffers. */
public final class Codecs {

    public final AesGcm aesGcm = new AesGcm();
    public final ChunkEncoder chunkEncoder = new ChunkEncoder();
    public final ChunkReader chunkReader = new ChunkReader();
}
