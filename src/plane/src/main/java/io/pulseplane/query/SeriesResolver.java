package io.pulseplane.query;

import io.pulseplane.store.Store;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;

/** Finds out what there is to read of a subject. */
final class SeriesResolver {

    private final Store store;

    SeriesResolver(Store store) {
        this.store = store;
    }

    /** The series a question covers, in order; {@code NotFound} if its subject is not known. */
    Uni<List<Series>> resolve(SeriesSelector question) {
        return store.readings()
                .series(question.subject())
                .chain(all -> all.isEmpty()
                        ? requireRegistered(question.subject()).replaceWith(all)
                        : Uni.createFrom()
                                .item(all.stream().filter(question::matches).toList()));
    }

    Uni<Void> requireRegistered(Subject subject) {
        return store.registry()
                .isRegistered(subject)
                .invoke(known -> {
                    if (!known) {
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
