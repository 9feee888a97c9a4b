package io.pulseplane.query;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.assignment.PatientDevices;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.util.List;

/**
 * Finds the series that a query covers. A query of a patient covers the devices that count as the patient's, see
 * {@link Assignments}, a query of a device all that it wrote.
 */
final class SeriesResolver {

    /** What a query covers of a series. */
    record ServedSeries(Series series, TimeRange range) {}

    private final Store store;
    private final Assignments assignments;

    SeriesResolver(Store store, Assignments assignments) {
        this.store = store;
        this.assignments = assignments;
    }

    /** Returns the series of the selector, in order. Fails with {@code NotFound} if the subject is not registered. */
    Uni<List<ServedSeries>> resolve(SeriesSelector selector, TimeRange range) {
        return store.readings()
                .series(selector.subject())
                .chain(series -> series.isEmpty()
                        ? requireRegistered(selector.subject()).replaceWith(List.of())
                        : devices(selector.subject())
                                .map(devices -> series.stream()
                                        .filter(selector::matches)
                                        .filter(member -> devices.servedUntil(member.device()) > 0)
                                        .map(member -> new ServedSeries(member, devices.servedRange(member, range)))
                                        .toList()));
    }

    /** Returns the devices that count in queries of this subject. */
    Uni<PatientDevices> devices(Subject subject) {
        return switch (subject) {
            case Subject.OfPatient(var patient) -> Uni.createFrom().completionStage(() -> assignments.load(patient));
            case Subject.OfDevice _ -> Uni.createFrom().item(PatientDevices.ALL);
        };
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
