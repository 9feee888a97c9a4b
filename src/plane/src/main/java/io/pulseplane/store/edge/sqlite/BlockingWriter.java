package io.pulseplane.store.edge.sqlite;

import java.util.function.Consumer;

/**
 * Runs transactions on the thread that writes and waits for each. The maintenance thread uses it: between two of its
 * transactions, those of callers get their turn.
 */
public final class BlockingWriter {

    private final WriterThread writer;

    public BlockingWriter(WriterThread writer) {
        this.writer = writer;
    }

    public <T> T transaction(SqlFunction<T> work) {
        return transaction(work, _ -> {});
    }

    /** @param onCommit see {@link WriterThread#transaction(SqlFunction, Consumer)} */
    public <T> T transaction(SqlFunction<T> work, Consumer<? super T> onCommit) {
        return writer.transaction(work, onCommit).await().indefinitely();
    }
}
