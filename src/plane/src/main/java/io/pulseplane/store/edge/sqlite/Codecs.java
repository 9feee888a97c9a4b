package io.pulseplane.store.edge.sqlite;

import io.pulseplane.store.crypto.AesGcm;
import io.pulseplane.vitals.chunk.ChunkEncoder;
import io.pulseplane.vitals.chunk.ChunkReader;

/** Seals, encodes and decodes for one thread. The parts keep their buffers. */
public final class Codecs {

    public final AesGcm aesGcm = new AesGcm();
    public final ChunkEncoder chunkEncoder = new ChunkEncoder();
    public final ChunkReader chunkReader = new ChunkReader();
}
