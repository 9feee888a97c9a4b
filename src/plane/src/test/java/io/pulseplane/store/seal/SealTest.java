package io.pulseplane.store.seal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SealTest {

    private static final byte[] TEXT = "ada has a pulse of 60".getBytes(UTF_8);

    private final Seal seal = seal(1);

    private static Seal seal(int current, int... others) {
        return new Seal(
                new SealKeys(
                        key(current),
                        IntStream.of(others).mapToObj(SealTest::key).toList()),
                "test");
    }

    private static byte[] key(int seed) {
        var key = new byte[SealKeys.BYTES];
        IntStream.range(0, key.length).forEach(i -> key[i] = (byte) (seed * 31 + i));
        return key;
    }

    @Test
    void opens_what_it_or_another_plane_with_the_key_sealed() {
        assertThat(seal.open("here", seal.seal("here", TEXT))).contains(TEXT);
        assertThat(seal(1).open("here", seal.seal("here", TEXT))).contains(TEXT);
    }

    @Test
    void opens_nothing_in_another_place() {
        assertThat(seal.open("there", seal.seal("here", TEXT))).isEmpty();
    }

    @Test
    void opens_nothing_of_which_a_single_bit_was_changed() {
        var sealed = seal.seal("here", TEXT);
        for (int bit = 0; bit < sealed.length * Byte.SIZE; bit++) {
            var changed = sealed.clone();
            changed[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            assertThat(seal.open("here", changed)).as("bit %d", bit).isEmpty();
        }
    }

    @Test
    void opens_nothing_that_was_cut_off_or_added_to() {
        var sealed = seal.seal("here", TEXT);
        for (int length = 0; length < sealed.length + 3; length++) {
            if (length != sealed.length) {
                assertThat(seal.open("here", Arrays.copyOf(sealed, length))).isEmpty();
            }
        }
    }

    @Test
    void opens_nothing_of_a_key_it_does_not_have() {
        assertThat(seal(2).open("here", seal.seal("here", TEXT))).isEmpty();
    }

    @Test
    void opens_what_was_sealed_with_a_key_it_has_besides() {
        assertThat(seal(2, 1).open("here", seal.seal("here", TEXT))).contains(TEXT);
        assertThat(seal(1, 2).open("here", seal(2, 1).seal("here", TEXT))).contains(TEXT);
        assertThat(seal(2, 1).keyId()).isNotEqualTo(seal.keyId()).isEqualTo(seal(2).keyId());
    }

    @Test
    void never_seals_the_same_twice_alike() {
        var beginnings = IntStream.range(0, 1_000)
                .mapToObj(_ -> new String(Arrays.copyOf(seal.seal("here", TEXT), Seal.UNIQUE_BYTES), ISO_8859_1))
                .distinct();
        assertThat(beginnings).hasSize(1_000);
    }

    @Test
    void names_an_id_the_same_on_every_plane_and_another_way_for_another_kind_id_or_key() {
        var name = seal.name("patient", "ada");
        assertThat(seal(1).name("patient", "ada")).isEqualTo(name).doesNotContain("ada");
        assertThat(List.of(seal.name("device", "ada"), seal.name("patient", "bob"), seal(2).name("patient", "ada")))
                .doesNotContain(name)
                .doesNotHaveDuplicates();
    }

    @Test
    void opens_nothing_that_was_sealed_for_another_use() {
        var elsewhere = new Seal(new SealKeys(key(1), List.of()), "something else");
        assertThat(elsewhere.open("here", seal.seal("here", TEXT))).isEmpty();
        assertThat(elsewhere.name("patient", "ada")).isNotEqualTo(seal.name("patient", "ada"));
    }

    @Test
    void reads_keys_in_base64_and_does_not_quote_what_is_none() {
        var keys = SealKeys.parse(" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", List.of());
        assertThat(keys.current()).isEqualTo(new byte[SealKeys.BYTES]);
        assertThatThrownBy(() -> SealKeys.parse("s3cr3t!", List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a key has to be 32 bytes in Base64");
    }

    @Test
    void takes_keys_of_32_bytes_only() {
        assertThatThrownBy(() -> new SealKeys(new byte[16], List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a key has to be 32 bytes");
    }
}
