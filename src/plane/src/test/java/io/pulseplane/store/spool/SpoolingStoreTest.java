package io.pulseplane.store.spool;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.Store;
import io.pulseplane.store.StoreContract;
import io.pulseplane.store.memory.MemoryStore;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** While the store behind is healthy, a spooling store keeps the contract of every store. */
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
    void assertNothingSpooled() {
        assertThat(((SpoolingStore) store).pendingBatches()).isZero();
    }
}
