package io.pulseplane.cache;

import static io.pulseplane.Readings.PATIENCE;
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

class GatheringTest {

    private static final int AT_ONCE = 4;

    private final Vertx vertx = Vertx.vertx();
    private final Context here = vertx.getOrCreateContext();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final Gathering gathering = new Gathering(here, AT_ONCE, this::ask);

    private record Asked(List<String> keys, CompletableFuture<List<byte[]>> answer) {}

    private CompletionStage<List<byte[]>> ask(List<String> keys) {
        var answer = new CompletableFuture<List<byte[]>>();
        asked.add(new Asked(keys, answer));
        return answer;
    }

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    /** What is wanted within one turn of the event loop. */
    private List<CompletableFuture<byte[]>> wanted(int from, int to) {
        var answers = new CompletableFuture<List<CompletableFuture<byte[]>>>();
        here.runOnContext(_ -> answers.complete(IntStream.range(from, to)
                .mapToObj(i -> gathering.get(key(i)).toCompletableFuture())
                .toList()));
        return answers.join();
    }

    private static String key(int i) {
        return "key " + i;
    }

    private static List<String> keys(int from, int to) {
        return IntStream.range(from, to).mapToObj(GatheringTest::key).toList();
    }

    private void untilAsked(int questions) {
        await().atMost(PATIENCE).until(() -> asked.size() == questions);
    }

    /** Each key with its own name; nothing where there is an even number. */
    private void answer(int question) {
        var there = asked.get(question);
        there.answer.complete(there.keys.stream().map(GatheringTest::valueOf).toList());
    }

    private static byte[] valueOf(String key) {
        boolean isEven = key.charAt(key.length() - 1) % 2 == 0;
        return isEven ? null : key.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void what_is_wanted_in_one_turn_is_asked_for_at_once_and_each_gets_what_is_its_own() {
        var answers = wanted(0, 3);
        untilAsked(1);
        assertThat(asked.getFirst().keys).isEqualTo(keys(0, 3));
        answer(0);
        assertThat(answers).extracting(CompletableFuture::join).containsExactly(null, valueOf(key(1)), null);
    }

    @Test
    void no_question_is_for_more_than_it_may_be() {
        var answers = wanted(0, 2 * AT_ONCE + 1);
        untilAsked(3);
        assertThat(asked).extracting(Asked::keys).containsExactly(keys(0, 4), keys(4, 8), keys(8, 9));
        IntStream.range(0, 3).forEach(this::answer);
        assertThat(answers).allMatch(CompletableFuture::isDone);
    }

    @Test
    void what_is_wanted_while_a_question_is_under_way_is_asked_for_without_waiting_for_it() {
        wanted(0, 2);
        untilAsked(1);
        var later = wanted(2, 4);
        untilAsked(2);
        answer(1);
        assertThat(later).allMatch(CompletableFuture::isDone);
        assertThat(asked.getFirst().answer).isNotDone();
    }

    @Test
    void a_question_that_fails_fails_all_it_was_for_and_nothing_else() {
        var answers = wanted(0, AT_ONCE + 2);
        untilAsked(2);
        asked.getFirst().answer.completeExceptionally(new IllegalStateException("gone"));
        answer(1);
        assertThat(answers.subList(0, AT_ONCE)).allMatch(CompletableFuture::isCompletedExceptionally);
        assertThat(answers.subList(AT_ONCE, AT_ONCE + 2))
                .allMatch(answer -> answer.isDone() && !answer.isCompletedExceptionally());
    }
}
