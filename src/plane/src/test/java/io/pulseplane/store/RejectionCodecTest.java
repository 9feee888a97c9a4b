package io.pulseplane.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.Rejection.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RejectionCodecTest {

    @Test
    void come_back_as_they_were() {
        var random = new SplittableRandom(1);
        for (int round = 0; round < 1_000; round++) {
            var rejections = new ArrayList<Rejection>();
            for (int i = random.nextInt(4); i > 0; i--) {
                int density = 1 + random.nextInt(20);
                var indexes = IntStream.range(0, random.nextInt(1, 500))
                        .filter(_ -> random.nextInt(density) == 0)
                        .toArray();
                rejections.add(new Rejection("cöde-" + i, Reason.values()[random.nextInt(8)], indexes));
            }
            assertThat(RejectionCodec.decode(RejectionCodec.encode(rejections))).isEqualTo(rejections);
        }
    }

    @Test
    void of_a_whole_block_take_a_few_bytes() {
        var all = IntStream.range(0, 100_000).toArray();
        assertThat(RejectionCodec.encode(List.of(new Rejection("8867-4", Reason.WRONG_UNIT, all))))
                .hasSizeLessThan(20);
    }
}
