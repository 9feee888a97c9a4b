package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.util.concurrent.atomic.AtomicLong;

/** A part of the contract. It uses the store of the contract, which is opened before each test and closed after it. */
abstract class StoreContractPart {

    private final StoreContract contract;

    StoreContractPart(StoreContract contract) {
        this.contract = contract;
    }

    final Store store() {
        return contract.store;
    }

    /** The clock that the store reads. */
    final AtomicLong clock() {
        return contract.clock;
    }

    final void reopen() {
        contract.store.close();
        contract.store = contract.reopen(contract.store);
    }

    final AppendResult append(ScreenedBatch batch) {
        return contract.append(batch);
    }

    final Columns all(Series series) {
        return contract.all(series);
    }

    final Columns read(Series series, TimeRange range, Order order, int limit) {
        return contract.read(series, range, order, limit);
    }
}
