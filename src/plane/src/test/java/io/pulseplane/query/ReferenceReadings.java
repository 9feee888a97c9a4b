package io.pulseplane.query;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.TimeRange;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Computes answers from a flat list of readings, as a reference for the answers of the plane. */
final class ReferenceReadings {

    private ReferenceReadings() {}

    /** Orders readings by time, then by series. */
    static Comparator<Reading> order(Order order) {
        return ((Comparator<Reading>) (a, b) -> order.compare(a.time(), b.time())).thenComparing(Reading::series);
    }

    static List<Reading> flatten(Collection<Columns> columns, Order order) {
        return columns.stream()
                .flatMap(ReadingFixtures::readingsOf)
                .sorted(order(order))
                .toList();
    }

    /** Returns the readings that a query must return. */
    static List<Reading> select(Collection<Columns> stored, SeriesSelector selector, TimeRange range, Order order) {
        return stored.stream()
                .filter(columns -> selector.subject().covers(columns.series()))
                .filter(columns -> selector.codes().isEmpty()
                        || selector.codes().contains(columns.series().code()))
                .flatMap(ReadingFixtures::readingsOf)
                .filter(reading -> range.contains(reading.time()))
                .sorted(order(order))
                .toList();
    }
}
