package io.pulseplane.store.memory;

import io.pulseplane.store.Store;
import io.pulseplane.store.StoreContract;

class MemoryStoreTest extends StoreContract {

    @Override
    protected Store open() {
        return new MemoryStore(clock::get);
    }

    @Override
    protected Store reopen(Store closed) {
        return ((MemoryStore) closed).reopen();
    }
}
