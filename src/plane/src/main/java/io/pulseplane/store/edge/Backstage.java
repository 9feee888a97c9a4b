package io.pulseplane.store.edge;

import java.util.function.Consumer;

/** The thread that writes, as the one behind the scenes sees it: who waits for every transaction, and lets others go between. */
final class Backstage {

    private final Writer writer;

    Backstage(Writer writer) {
        this.writer = writer;
    }

    <T> T run(Sql<T> work) {
        return run(work, _ -> {});
    }

    /** @param committed see {@link Writer#transaction(Sql, Consumer)} */
    <T> T run(Sql<T> work, Consumer<? super T> committed) {
        return writer.transaction(work, committed).await().indefinitely();
    }
}
