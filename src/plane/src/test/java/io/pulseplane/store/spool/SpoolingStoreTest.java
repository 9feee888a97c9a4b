package io.pulseplane.store.spool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.Store;
import io.pulseplane.store.StoreContract;
import io.pulseplane.store.memory.MemoryStore;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** While the store behind is well, a store with a spool before it is a store like any other. */
class SpoolingStoreTest extends StoreContract {

    @TempDir
    Path directory;

    private final FlakyStore behind = new FlakyStore(new MemoryStore(clock::get));

    @Override
    protected Store open() {
        return SpoolingStore.open(behind, SpoolTest.settings(directory), clock::get, SpoolEvents.NONE);
    }

    @Override
    protected Store reopen(Store closed) {
        behind.reopen();
        return open();
    }

    @AfterEach
    void nothingWasSpooled() {
        assertThat(((SpoolingStore) store).pendingBatches()).isZero();
    }
}
