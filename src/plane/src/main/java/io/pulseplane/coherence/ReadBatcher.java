package io.pulseplane.coherence;

import io.vertx.core.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Reads many values with one command. All requests that come before the event loop sends the command share it, so the
 * cost of a value falls as the load grows. No request waits for others.
 *
 * <p>A command reads a bounded number of values; more requests make several commands. If a command fails, its requests
 * fail and no others.
 */
final class ReadBatcher {

    /** The keys of one command. */
    private static final class KeyBatch {
        private final List<String> keys = new ArrayList<>();
        private final List<CompletableFuture<byte[]>> answers = new ArrayList<>();
    }

    private final Context context;
    private final int maxKeysPerRead;
    private final Function<List<String>, CompletionStage<List<byte[]>>> source;

    /** The batch that takes more keys; null if the last one was sent or is full. */
    private KeyBatch openBatch;

    /**
     * @param context where commands are sent
     * @param maxKeysPerRead how many values a command reads at most
     * @param source returns the values in the order of the keys; null for a key without a value
     */
    ReadBatcher(Context context, int maxKeysPerRead, Function<List<String>, CompletionStage<List<byte[]>>> source) {
        this.context = context;
        this.maxKeysPerRead = maxKeysPerRead;
        this.source = source;
    }

    /** The value of a key; null if there is none. */
    CompletionStage<byte[]> get(String key) {
        var answer = new CompletableFuture<byte[]>();
        KeyBatch batch;
        boolean isNew;
        synchronized (this) {
            isNew = openBatch == null;
            batch = isNew ? new KeyBatch() : openBatch;
            batch.keys.add(key);
            batch.answers.add(answer);
            openBatch = batch.keys.size() < maxKeysPerRead ? batch : null;
        }
        if (isNew) {
            context.runOnContext(_ -> read(batch));
        }
        return answer;
    }

    private void read(KeyBatch batch) {
        synchronized (this) {
            if (openBatch == batch) {
                openBatch = null;
            }
        }
        source.apply(batch.keys).whenComplete((values, failure) -> {
            for (int i = 0; i < batch.answers.size(); i++) {
                if (failure == null) {
                    batch.answers.get(i).complete(values.get(i));
                } else {
                    batch.answers.get(i).completeExceptionally(failure);
                }
            }
        });
    }
}
