package io.pulseplane.gate;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.Site;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.PlaneException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DevicePatientsTest {

    private final MemoryStore store = new MemoryStore(() -> 0);
    private final List<String> changed = new ArrayList<>();
    private final DevicePatients patients = new DevicePatients(store.readings(), Site.SINGLE_PLANE, changed::add);

    private Set<String> load() {
        return patients.load("monitor").toCompletableFuture().join();
    }

    @Test
    void are_those_the_store_has_readings_of() {
        appendAll(
                store,
                oneReading(series("ada", "monitor", HEART_RATE), 1, 60),
                oneReading(series("grace", "monitor", HEART_RATE), 2, 60));
        appendAll(store, oneReading(series("mary", "another", HEART_RATE), 1, 60));
        assertThat(patients.cached("monitor"))
                .as("not cached before the first load")
                .isNull();
        assertThat(load()).containsExactlyInAnyOrder("ada", "grace");
        assertThat(patients.cached("monitor")).containsExactlyInAnyOrder("ada", "grace");
    }

    @Test
    void are_none_for_a_device_without_readings() {
        assertThat(load()).isEmpty();
        assertThat(patients.cached("monitor")).isNotNull().isEmpty();
    }

    @Test
    void grow_with_batches_that_are_about_to_be_stored() {
        assertThat(load()).isEmpty();
        patients.add("monitor", "ada");
        assertThat(patients.cached("monitor")).containsExactly("ada");
        assertThat(load()).containsExactly("ada");
    }

    @Test
    void are_loaded_even_if_a_batch_was_noted_before() {
        appendAll(store, oneReading(series("ada", "monitor", HEART_RATE), 1, 60));
        patients.add("monitor", "grace");
        assertThat(patients.cached("monitor")).isNull();
        assertThat(load()).containsExactlyInAnyOrder("ada", "grace");
    }

    @Test
    void are_not_cached_when_the_store_fails() {
        store.close();
        assertThatThrownBy(this::load).hasCauseInstanceOf(PlaneException.Unavailable.class);
        assertThat(patients.cached("monitor")).isNull();
    }

    @Test
    void that_are_new_are_told_and_change_the_version() {
        load();
        long before = patients.version();
        patients.add("monitor", "ada");
        assertThat(patients.version()).isGreaterThan(before);
        assertThat(changed).containsExactly("monitor");
        long after = patients.version();
        patients.add("monitor", "ada");
        assertThat(patients.version()).as("nobody is new").isEqualTo(after);
        assertThat(changed).hasSize(1);
    }

    @Test
    void that_were_erased_are_forgotten() {
        load();
        patients.add("monitor", "ada");
        patients.add("monitor", "grace");
        patients.removePatient("ada");
        assertThat(patients.cached("monitor")).containsExactly("grace");
    }
}
