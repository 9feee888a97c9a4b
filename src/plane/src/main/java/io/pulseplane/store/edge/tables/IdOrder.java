package io.pulseplane.store.edge.tables;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/** Ids in code point order, which is the order of their UTF-8, and SQLite's. */
final class IdOrder {

    static final Comparator<String> BY_CODE_POINT =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private IdOrder() {}
}
