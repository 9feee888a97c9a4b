package io.pulseplane.query;

import io.pulseplane.store.Store;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;

/** Finds the series that a query covers. */
final class SeriesResolver {

    private final Store store;

    SeriesResolver(Store store) {
        this.store = store;
    }

    /** Returns the series of the selector, in order. Fails with {@code NotFound} if the subject is not registered. */
    Uni<List<Series>> resolve(SeriesSelector selector) {
        return store.readings()
                .series(selector.subject())
                .chain(series -> series.isEmpty()
                        ? requireRegistered(selector.subject()).replaceWith(series)
                        : Uni.createFrom()
                                .item(series.stream().filter(selector::matches).toList()));
    }

    Uni<Void> requireRegistered(Subject subject) {
        return store.registry()
                .isRegistered(subject)
                .invoke(registered -> {
                    if (!registered) {
                        throw new PlaneException.NotFound(
                                switch (subject) {
                                    case Subject.OfPatient _ -> "there is no such patient";
                                    case Subject.OfDevice _ -> "there is no such device";
                                });
                    }
                })
                .replaceWithVoid();
    }
}
