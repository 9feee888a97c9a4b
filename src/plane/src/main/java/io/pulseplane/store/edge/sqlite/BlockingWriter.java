package io.pulseplane.store.edge.sqlite;

import java.util.function.Consumer;

/** The thread that writes, as the one behind the scenes sees it: who waits for every transaction, and lets others go between. */
public final class BlockingWriter {

    private final WriterThread writer;

    public BlockingWriter(WriterThread writer) {
        this.writer = writer;
    }

    public <T> T transaction(SqlFunction<T> work) {
        return transaction(work, _ -> {});
    }

    /** @param committed see {@link WriterThread#transaction(SqlFunction, Consumer)} */
    public <T> T transaction(SqlFunction<T> work, Consumer<? super T> committed) {
        return writer.transaction(work, committed).await().indefinitely();
    }
}
