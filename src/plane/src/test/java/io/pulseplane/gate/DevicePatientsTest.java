package io.pulseplane.gate;

import static io.pulseplane.Readings.PULSE;
import static io.pulseplane.Readings.keep;
import static io.pulseplane.Readings.one;
import static io.pulseplane.Readings.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.Site;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Problem;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DevicePatientsTest {

    private final MemoryStore store = new MemoryStore(() -> 0);
    private final DevicePatients patients = new DevicePatients(store.readings(), Site.OF_ONE);

    private Set<String> ask() {
        return patients.ask("monitor").toCompletableFuture().join();
    }

    @Test
    void are_those_the_store_has_readings_of() {
        keep(store, one(series("ada", "monitor", PULSE), 1, 60), one(series("grace", "monitor", PULSE), 2, 60));
        keep(store, one(series("mary", "another", PULSE), 1, 60));
        assertThat(patients.now("monitor"))
                .as("not known before it was asked for")
                .isNull();
        assertThat(ask()).containsExactlyInAnyOrder("ada", "grace");
        assertThat(patients.now("monitor")).containsExactlyInAnyOrder("ada", "grace");
    }

    @Test
    void are_nobody_of_a_device_that_has_sent_nothing() {
        assertThat(ask()).isEmpty();
        assertThat(patients.now("monitor")).isNotNull().isEmpty();
    }

    @Test
    void grow_with_batches_that_are_about_to_be_stored() {
        assertThat(ask()).isEmpty();
        patients.note("monitor", "ada");
        assertThat(patients.now("monitor")).containsExactly("ada");
        assertThat(ask()).containsExactly("ada");
    }

    @Test
    void are_not_taken_for_all_because_of_one_that_was_noted() {
        keep(store, one(series("ada", "monitor", PULSE), 1, 60));
        patients.note("monitor", "grace");
        assertThat(patients.now("monitor")).isNull();
        assertThat(ask()).containsExactlyInAnyOrder("ada", "grace");
    }

    @Test
    void are_asked_for_again_when_the_store_did_not_answer() {
        store.close();
        assertThatThrownBy(this::ask).hasCauseInstanceOf(Problem.Unavailable.class);
        assertThat(patients.now("monitor")).isNull();
    }
}
