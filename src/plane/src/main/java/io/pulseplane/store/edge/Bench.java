package io.pulseplane.store.edge;

import io.pulseplane.store.chunk.ChunkEncoder;
import io.pulseplane.store.chunk.ChunkReader;
import io.pulseplane.store.seal.Sealer;

/** The tools of one thread; they keep their buffers. */
final class Bench {

    final Sealer sealer = new Sealer();
    final ChunkEncoder encoder = new ChunkEncoder();
    final ChunkReader reader = new ChunkReader();
}
