package io.pulseplane.cache;

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
final class Gathering {

    /** Of what one question is for. */
    private static final class Batch {
        private final List<String> keys = new ArrayList<>();
        private final List<CompletableFuture<byte[]>> answers = new ArrayList<>();
    }

    private final Context here;
    private final int atOnce;
    private final Function<List<String>, CompletionStage<List<byte[]>>> source;

    /** What more may be added to; null if that has been asked for, or is full. */
    private Batch open;

    /**
     * @param here where questions are asked
     * @param atOnce how many values a question is for at most
     * @param source answers in the order of the keys, null where there is nothing
     */
    Gathering(Context here, int atOnce, Function<List<String>, CompletionStage<List<byte[]>>> source) {
        this.here = here;
        this.atOnce = atOnce;
        this.source = source;
    }

    /** Null where there is nothing. */
    CompletionStage<byte[]> get(String key) {
        var answer = new CompletableFuture<byte[]>();
        Batch batch;
        boolean isNew;
        synchronized (this) {
            isNew = open == null;
            batch = isNew ? new Batch() : open;
            batch.keys.add(key);
            batch.answers.add(answer);
            open = batch.keys.size() < atOnce ? batch : null;
        }
        if (isNew) {
            here.runOnContext(_ -> ask(batch));
        }
        return answer;
    }

    private void ask(Batch batch) {
        synchronized (this) {
            if (open == batch) {
                open = null;
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
