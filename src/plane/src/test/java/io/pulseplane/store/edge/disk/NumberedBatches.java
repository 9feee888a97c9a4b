package io.pulseplane.store.edge.disk;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.series;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.util.List;

/**
 * Batches that are known by their number alone, so that a test can tell later what must be stored. Patients and their
 * devices take turns.
 */
record NumberedBatches(int patients, int readingsPerBatch) {

    private static final long MICROS_BETWEEN_BATCHES = 1_000;

    int patientOf(int number) {
        return number % patients;
    }

    Series seriesOf(int patient) {
        return series("p" + patient, "d" + patient, HEART_RATE);
    }

    Columns readings(int number) {
        var times = new long[readingsPerBatch];
        var values = new double[readingsPerBatch];
        for (int i = 0; i < readingsPerBatch; i++) {
            times[i] = 1 + number * MICROS_BETWEEN_BATCHES + i;
            values[i] = 60 + (number + i) % 40;
        }
        return new Columns(seriesOf(patientOf(number)), times, values);
    }

    Uni<List<AppendResult>> append(EdgeStore store, int number) {
        return store.readings().append(List.of(batch(1 + number, readings(number))));
    }

    /** What is stored at the times of a batch. */
    Uni<Columns> read(EdgeStore store, int number) {
        var expected = readings(number);
        var range = new TimeRange(expected.firstTime(), expected.lastTime() + 1);
        return store.readings().read(expected.series(), range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
    }
}
