package io.pulseplane.store.crypto;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AeadTest {

    private static final byte[] TEXT = "ada has a pulse of 60".getBytes(UTF_8);

    private final Aead aead = aead(1);

    private static Aead aead(int current, int... others) {
        return new Aead(
                new Keyset(
                        key(current),
                        IntStream.of(others).mapToObj(AeadTest::key).toList()),
                "test");
    }

    private static byte[] key(int seed) {
        var key = new byte[Keyset.BYTES];
        IntStream.range(0, key.length).forEach(i -> key[i] = (byte) (seed * 31 + i));
        return key;
    }

    @Test
    void opens_what_any_plane_with_the_key_sealed() {
        assertThat(aead.open("here", aead.seal("here", TEXT))).contains(TEXT);
        assertThat(aead(1).open("here", aead.seal("here", TEXT))).contains(TEXT);
    }

    @Test
    void opens_nothing_with_other_associated_data() {
        assertThat(aead.open("there", aead.seal("here", TEXT))).isEmpty();
    }

    @Test
    void opens_nothing_in_which_one_bit_was_changed() {
        var sealed = aead.seal("here", TEXT);
        for (int bit = 0; bit < sealed.length * Byte.SIZE; bit++) {
            var changed = sealed.clone();
            changed[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            assertThat(aead.open("here", changed)).as("bit %d", bit).isEmpty();
        }
    }

    @Test
    void opens_nothing_that_was_truncated_or_extended() {
        var sealed = aead.seal("here", TEXT);
        for (int length = 0; length < sealed.length + 3; length++) {
            if (length != sealed.length) {
                assertThat(aead.open("here", Arrays.copyOf(sealed, length))).isEmpty();
            }
        }
    }

    @Test
    void opens_nothing_that_was_sealed_with_an_unknown_key() {
        assertThat(aead(2).open("here", aead.seal("here", TEXT))).isEmpty();
    }

    @Test
    void opens_what_was_sealed_with_one_of_the_other_keys() {
        assertThat(aead(2, 1).open("here", aead.seal("here", TEXT))).contains(TEXT);
        assertThat(aead(1, 2).open("here", aead(2, 1).seal("here", TEXT))).contains(TEXT);
        assertThat(aead(2, 1).keyId()).isNotEqualTo(aead.keyId()).isEqualTo(aead(2).keyId());
    }

    @Test
    void seals_the_same_text_differently_each_time() {
        var headers = IntStream.range(0, 1_000)
                .mapToObj(_ -> new String(Arrays.copyOf(aead.seal("here", TEXT), Aead.HEADER_BYTES), ISO_8859_1))
                .distinct();
        assertThat(headers).hasSize(1_000);
    }

    @Test
    void makes_the_same_pseudonym_on_every_plane_and_another_for_another_kind_id_or_key() {
        var name = aead.pseudonym("patient", "ada");
        assertThat(aead(1).pseudonym("patient", "ada")).isEqualTo(name).doesNotContain("ada");
        assertThat(List.of(
                        aead.pseudonym("device", "ada"),
                        aead.pseudonym("patient", "bob"),
                        aead(2).pseudonym("patient", "ada")))
                .doesNotContain(name)
                .doesNotHaveDuplicates();
    }

    @Test
    void opens_nothing_that_was_sealed_for_another_use() {
        var otherUse = new Aead(new Keyset(key(1), List.of()), "something else");
        assertThat(otherUse.open("here", aead.seal("here", TEXT))).isEmpty();
        assertThat(otherUse.pseudonym("patient", "ada")).isNotEqualTo(aead.pseudonym("patient", "ada"));
    }

    @Test
    void reads_keys_in_base64_and_does_not_quote_an_invalid_one() {
        var keys = Keyset.parse(" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", List.of());
        assertThat(keys.current()).isEqualTo(new byte[Keyset.BYTES]);
        assertThatThrownBy(() -> Keyset.parse("s3cr3t!", List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a key has to be 32 bytes in Base64");
    }

    @Test
    void takes_keys_of_32_bytes_only() {
        assertThatThrownBy(() -> new Keyset(new byte[16], List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a key has to be 32 bytes");
    }
}
