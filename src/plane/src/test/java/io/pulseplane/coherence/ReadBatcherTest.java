package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadBatcherTest {

    private static final int MAX_KEYS_PER_READ = 4;

    private final Vertx vertx = Vertx.vertx();
    private final Context context = vertx.getOrCreateContext();
    private final List<ReadRequest> requests = new CopyOnWriteArrayList<>();
    private final ReadBatcher batcher = new ReadBatcher(context, MAX_KEYS_PER_READ, this::read);

    private record ReadRequest(List<String> keys, CompletableFuture<List<byte[]>> answer) {}

    private CompletionStage<List<byte[]>> read(List<String> keys) {
        var answer = new CompletableFuture<List<byte[]>>();
        requests.add(new ReadRequest(keys, answer));
        return answer;
    }

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    /** Requests keys within one turn of the event loop. */
    private List<CompletableFuture<byte[]>> getInOneTurn(int from, int to) {
        var answers = new CompletableFuture<List<CompletableFuture<byte[]>>>();
        context.runOnContext(_ -> answers.complete(IntStream.range(from, to)
                .mapToObj(i -> batcher.get(key(i)).toCompletableFuture())
                .toList()));
        return answers.join();
    }

    private static String key(int i) {
        return "key " + i;
    }

    private static List<String> keys(int from, int to) {
        return IntStream.range(from, to).mapToObj(ReadBatcherTest::key).toList();
    }

    private void awaitRequests(int count) {
        await().atMost(TIMEOUT).until(() -> requests.size() == count);
    }

    /** The value of a key is its own name; keys with an even number have no value. */
    private void answer(int index) {
        var request = requests.get(index);
        request.answer.complete(
                request.keys.stream().map(ReadBatcherTest::valueOf).toList());
    }

    private static byte[] valueOf(String key) {
        boolean isEven = key.charAt(key.length() - 1) % 2 == 0;
        return isEven ? null : key.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void requests_of_one_turn_share_a_command_and_each_gets_its_value() {
        var answers = getInOneTurn(0, 3);
        awaitRequests(1);
        assertThat(requests.getFirst().keys).isEqualTo(keys(0, 3));
        answer(0);
        assertThat(answers).extracting(CompletableFuture::join).containsExactly(null, valueOf(key(1)), null);
    }

    @Test
    void no_command_reads_more_keys_than_the_bound() {
        var answers = getInOneTurn(0, 2 * MAX_KEYS_PER_READ + 1);
        awaitRequests(3);
        assertThat(requests).extracting(ReadRequest::keys).containsExactly(keys(0, 4), keys(4, 8), keys(8, 9));
        IntStream.range(0, 3).forEach(this::answer);
        assertThat(answers).allMatch(CompletableFuture::isDone);
    }

    @Test
    void later_requests_do_not_wait_for_a_command_under_way() {
        getInOneTurn(0, 2);
        awaitRequests(1);
        var later = getInOneTurn(2, 4);
        awaitRequests(2);
        answer(1);
        assertThat(later).allMatch(CompletableFuture::isDone);
        assertThat(requests.getFirst().answer).isNotDone();
    }

    @Test
    void a_failed_command_fails_its_requests_and_no_others() {
        var answers = getInOneTurn(0, MAX_KEYS_PER_READ + 2);
        awaitRequests(2);
        requests.getFirst().answer.completeExceptionally(new IllegalStateException("gone"));
        answer(1);
        assertThat(answers.subList(0, MAX_KEYS_PER_READ)).allMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(answers.subList(MAX_KEYS_PER_READ, MAX_KEYS_PER_READ + 2))
                .allMatch(answer -> answer.isDone() && !answer.isCompletedExceptionally());
    }
}
