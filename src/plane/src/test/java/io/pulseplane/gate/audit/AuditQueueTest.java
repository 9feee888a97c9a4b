package io.pulseplane.gate.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.Readings;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Who waits for the disk shares its syncs, and nobody waits for company that does not come. */
class AuditQueueTest {

    private static final int MANY = 4 * AuditQueue.COMPANY;

    private final AuditQueue queue = new AuditQueue(Trail.settings(AuditSettings.Mode.SYNC, Path.of("trail")));
    private long number;

    private void add(int records) {
        for (int i = 0; i < records; i++) {
            queue.add(Trail.record(++number));
        }
    }

    /** Says whether there was a batch to be written at once. */
    private boolean isDue(int records) throws InterruptedException {
        add(records);
        var batch = queue.take(System.nanoTime());
        if (batch == null) {
            return false;
        }
        assertThat(batch.count()).isEqualTo(records);
        queue.release(batch);
        return true;
    }

    private int take() throws InterruptedException {
        var batch = queue.take(System.nanoTime() + Readings.PATIENCE.toNanos());
        queue.release(batch);
        return batch.count();
    }

    @Test
    void one_who_comes_alone_waits_for_nobody() throws Exception {
        assertThat(isDue(1)).isTrue();
        assertThat(isDue(1)).isTrue();
    }

    @Test
    void as_many_as_came_the_last_time_wait_for_nobody() throws Exception {
        assertThat(isDue(MANY)).isTrue();
        assertThat(isDue(MANY)).isTrue();
    }

    @Test
    void fewer_wait_for_those_who_came_with_them() {
        // Where the machine stops for as long as they wait, they have waited: then it is tried again.
        Awaitility.await().until(() -> isDue(MANY) && !isDue(1));
    }

    @Test
    void but_not_for_ever() throws Exception {
        assertThat(isDue(MANY)).isTrue();
        add(1);
        assertThat(take()).isEqualTo(1);
    }
}
