package io.pulseplane.query;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.TimeRange;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Columns as one flat list of readings: what the plane never makes, and what it is compared with. */
final class ReferenceReadings {

    private ReferenceReadings() {}

    /** In the order of time, then of series. */
    static Comparator<Reading> order(Order order) {
        return ((Comparator<Reading>) (a, b) -> order.compare(a.time(), b.time())).thenComparing(Reading::series);
    }

    static List<Reading> flatten(Collection<Columns> columns, Order order) {
        return columns.stream()
                .flatMap(ReadingFixtures::readingsOf)
                .sorted(order(order))
                .toList();
    }

    /** The answer to a question, by the letter. */
    static List<Reading> select(Collection<Columns> stored, SeriesSelector question, TimeRange times, Order order) {
        return stored.stream()
                .filter(columns -> question.subject().covers(columns.series()))
                .filter(columns -> question.codes().isEmpty()
                        || question.codes().contains(columns.series().code()))
                .flatMap(ReadingFixtures::readingsOf)
                .filter(reading -> times.contains(reading.time()))
                .sorted(order(order))
                .toList();
    }
}
