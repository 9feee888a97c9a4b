package io.pulseplane.store.postgres;

import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** How rows become what they stand for. */
final class RowMapping {

    private RowMapping() {}

    static <T> List<T> list(RowSet<Row> rows, Function<Row, T> each) {
        var list = new ArrayList<T>(rows.size());
        for (var row : rows) {
            list.add(each.apply(row));
        }
        return list;
    }

    static <T> Optional<T> first(RowSet<Row> rows, Function<Row, T> each) {
        var iterator = rows.iterator();
        return iterator.hasNext() ? Optional.of(each.apply(iterator.next())) : Optional.empty();
    }

    /** Words in tables are as people write them. */
    static String enumText(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    static <E extends Enum<E>> E enumConstant(Class<E> type, String word) {
        return Enum.valueOf(type, word.toUpperCase(Locale.ROOT));
    }
}
