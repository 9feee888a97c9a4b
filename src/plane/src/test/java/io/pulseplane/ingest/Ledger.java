package io.pulseplane.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Acknowledgement;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what happens during ingest. */
final class Ledger implements IngestEvents {

    private final List<String> entries = new CopyOnWriteArrayList<>();

    List<String> entries() {
        return entries;
    }

    @Override
    public void stored(Acknowledgement acknowledgement, long nanos) {
        assertThat(nanos).isNotNegative();
        entries.add("stored " + acknowledgement.sequence());
    }

    @Override
    public void repeated(int readings) {
        entries.add("repeated " + readings + " readings");
    }

    @Override
    public void committed(int batches, long nanos) {
        assertThat(nanos).isNotNegative();
        entries.add("committed " + batches);
    }

    @Override
    public void refused() {
        entries.add("refused");
    }
}
