package io.pulseplane.store.edge.tables;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/** The order of ids: by code point, as SQLite compares text. It is also the order of the UTF-8 bytes. */
final class IdOrder {

    static final Comparator<String> BY_CODE_POINT =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private IdOrder() {}
}
