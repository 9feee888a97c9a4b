package io.pulseplane.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Acknowledgement;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Records the events of ingest as text. */
final class RecordingIngestEvents implements IngestEvents {

    private final List<String> entries = new CopyOnWriteArrayList<>();

    List<String> entries() {
        return entries;
    }

    @Override
    public void batchStored(Acknowledgement acknowledgement, long nanos) {
        assertThat(nanos).isNotNegative();
        entries.add("stored " + acknowledgement.sequence());
    }

    @Override
    public void batchRepeated(int readings) {
        entries.add("repeated " + readings + " readings");
    }

    @Override
    public void groupCommitted(int batches, long nanos) {
        assertThat(nanos).isNotNegative();
        entries.add("committed " + batches);
    }

    @Override
    public void batchRefused() {
        entries.add("refused");
    }
}
