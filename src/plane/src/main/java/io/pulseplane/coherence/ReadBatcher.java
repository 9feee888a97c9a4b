package io.pulseplane.coherence;

import io.vertx.core.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Asks for many values at once: what is wanted until the event loop gets to it goes out as one question, so that the more
 * there is to do, the less each value takes. Nobody waits for others to come.
 *
 * <p>A question is for a bounded number of values; where more are wanted, several go out one behind the other. All that one
 * asks for fail together, and only those.
 */
final class ReadBatcher {

    /** Of what one question is for. */
    private static final class KeyBatch {
        private final List<String> keys = new ArrayList<>();
        private final List<CompletableFuture<byte[]>> answers = new ArrayList<>();
    }

    private final Context context;
    private final int maxKeysPerRead;
    private final Function<List<String>, CompletionStage<List<byte[]>>> source;

    /** What more may be added to; null if that has been asked for, or is full. */
    private KeyBatch openBatch;

    /**
     * @param here where questions are asked
     * @param atOnce how many values a question is for at most
     * @param source answers in the order of the keys, null where there is nothing
     */
    ReadBatcher(Context here, int atOnce, Function<List<String>, CompletionStage<List<byte[]>>> source) {
        this.context = here;
        this.maxKeysPerRead = atOnce;
        this.source = source;
    }

    /** Null where there is nothing. */
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
