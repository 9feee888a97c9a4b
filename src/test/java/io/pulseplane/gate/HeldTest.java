package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import org.junit.jupiter.api.Test;

class HeldTest {

    private final Held<BytesValue> held = new Held<>();

    private static BytesValue message(long bytes) {
        return BytesValue.of(ByteString.copyFrom(new byte[(int) bytes]));
    }

    @Test
    void come_back_in_their_order() {
        assertThat(held.isEmpty()).isTrue();
        assertThat(held.add(message(1))).isTrue();
        assertThat(held.add(message(2))).isTrue();
        assertThat(held.next().getValue().size()).isEqualTo(1);
        assertThat(held.next().getValue().size()).isEqualTo(2);
        assertThat(held.isEmpty()).isTrue();
    }

    @Test
    void have_room_for_so_many_bytes_and_again_when_one_has_gone() {
        assertThat(held.add(message(Held.MAX_BYTES / 2))).isTrue();
        assertThat(held.add(message(Held.MAX_BYTES / 4))).isTrue();
        assertThat(held.next()).isNotNull();
        assertThat(held.add(message(Held.MAX_BYTES / 2))).isTrue();
        assertThat(held.add(message(Held.MAX_BYTES / 4))).isFalse();
    }

    @Test
    void are_forgotten_at_once() {
        held.add(message(Held.MAX_BYTES / 2));
        held.clear();
        assertThat(held.isEmpty()).isTrue();
        assertThat(held.add(message(Held.MAX_BYTES - 100))).isTrue();
    }
}
