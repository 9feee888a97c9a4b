package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import io.pulseplane.vitals.Problem;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class LineTest {

    private static final Repeats.Basis BASIS = new Repeats.Basis(1, 0, "policy");
    private static final Asked ASKED = new Asked(Action.QUERY, "rpc", Access.ofPatient("ada"));

    private final Line<BytesValue> line = new Line<>();

    private static Line.Entry<BytesValue> entry(long bytes) {
        return new Line.Entry<>(BytesValue.of(ByteString.copyFrom(new byte[(int) bytes])));
    }

    private Line.Entry<BytesValue> waitingFor(CompletionStage<Void> decision) {
        var entry = entry(1);
        entry.await(ASKED, BASIS, decision);
        line.add(entry);
        return entry;
    }

    private long take() {
        long size = line.first().request().getValue().size();
        line.removeFirst();
        return size;
    }

    @Test
    void comes_back_in_its_order() {
        assertThat(line.isEmpty()).isTrue();
        assertThat(line.add(entry(1))).isTrue();
        assertThat(line.add(entry(2))).isTrue();
        assertThat(take()).isEqualTo(1);
        assertThat(take()).isEqualTo(2);
        assertThat(line.isEmpty()).isTrue();
        assertThat(line.first()).isNull();
    }

    @Test
    void has_room_for_so_many_bytes_and_again_when_one_has_gone() {
        assertThat(line.add(entry(Line.MAX_BYTES / 2))).isTrue();
        assertThat(line.add(entry(Line.MAX_BYTES / 4))).isTrue();
        take();
        assertThat(line.add(entry(Line.MAX_BYTES / 2))).isTrue();
        assertThat(line.add(entry(Line.MAX_BYTES / 4))).isFalse();
    }

    @Test
    void is_forgotten_at_once() {
        line.add(entry(Line.MAX_BYTES / 2));
        line.clear();
        assertThat(line.isEmpty()).isTrue();
        assertThat(line.add(entry(Line.MAX_BYTES - 100))).isTrue();
    }

    @Test
    void permits_all_that_wait_for_the_same_and_none_else() {
        var written = new CompletableFuture<Void>();
        var first = waitingFor(written);
        var other = waitingFor(new CompletableFuture<>());
        var last = waitingFor(written);

        line.decided(written, null);
        assertThat(first.isDecided()).isTrue();
        assertThat(last.isDecided()).isTrue();
        assertThat(last.refusal()).isNull();
        assertThat(last.asked()).isEqualTo(ASKED);
        assertThat(other.isDecided()).isFalse();
    }

    @Test
    void refuses_all_that_wait_for_what_failed() {
        var written = new CompletableFuture<Void>();
        var one = waitingFor(written);
        var refusal = new Problem.Refused("not permitted: no_consent");
        line.decided(written, refusal);
        assertThat(one.isDecided()).isTrue();
        assertThat(one.refusal()).isSameAs(refusal);
    }

    @Test
    void does_not_wait_for_what_is_permitted_at_once() {
        var one = waitingFor(Judge.PERMITTED);
        assertThat(one.isDecided()).isTrue();
        assertThat(one.decision()).isNull();
    }
}
