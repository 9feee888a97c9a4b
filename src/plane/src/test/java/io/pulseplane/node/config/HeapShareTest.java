package io.pulseplane.node.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.runtime.configuration.MemorySize;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeapShareTest {

    private static final long MIB = 1L << 20;

    /** What the program itself takes: classes, metrics, policy. A full collection of an idle plane leaves less. */
    private static final long PROGRAM = 64 * MIB;

    @ParameterizedTest
    @ValueSource(longs = {HeapShare.SMALLEST_HEAP_MIB, 512, 1_024, 2_048, 16_384})
    void what_may_be_in_memory_leaves_a_margin_on_every_supported_heap(long mebibytes) {
        long heap = mebibytes * MIB;
        long bounds = Arrays.stream(HeapShare.values())
                .mapToLong(share -> share.bytesOf(heap))
                .sum();
        assertThat(PROGRAM + bounds).isLessThanOrEqualTo(heap * 95 / 100);
    }

    @ParameterizedTest
    @ValueSource(longs = {HeapShare.SMALLEST_HEAP_MIB, 512, 2_048})
    void the_connections_take_no_more_than_two_fifths_of_the_heap_if_each_takes_a_hundred_kilobytes(long mebibytes) {
        long heap = mebibytes * MIB;
        assertThat(HeapShare.connectionsOf(heap) * 100_000L).isLessThan(heap * 2 / 5);
    }

    @Test
    void two_thousand_connections_fit_half_a_gibibyte() {
        assertThat(HeapShare.connectionsOf(512 * MIB)).isGreaterThanOrEqualTo(2_000);
    }

    @Test
    void what_is_configured_takes_precedence() {
        var configured = new MemorySize(BigInteger.valueOf(12_345));
        assertThat(HeapShare.LATEST.or(Optional.of(configured))).isEqualTo(12_345);
        assertThat(HeapShare.LATEST.or(Optional.empty()))
                .isEqualTo(HeapShare.LATEST.bytesOf(Runtime.getRuntime().maxMemory()));
    }
}
