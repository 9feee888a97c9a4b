package io.pulseplane.query;

import io.pulseplane.store.Store;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;

/** Finds out what there is to read of a subject. */
final class Subjects {

    private final Store store;

    Subjects(Store store) {
        this.store = store;
    }

    /** The series a question covers, in order; {@code NotFound} if its subject is not known. */
    Uni<List<Series>> series(Question question) {
        return store.readings()
                .series(question.subject())
                .chain(all -> all.isEmpty()
                        ? known(question.subject()).replaceWith(all)
                        : Uni.createFrom()
                                .item(all.stream().filter(question::covers).toList()));
    }

    Uni<Void> known(Subject subject) {
        return store.registry()
                .knows(subject)
                .invoke(known -> {
                    if (!known) {
                        throw new Problem.NotFound(
                                switch (subject) {
                                    case Subject.OfPatient _ -> "there is no such patient";
                                    case Subject.OfDevice _ -> "there is no such device";
                                });
                    }
                })
                .replaceWithVoid();
    }
}
