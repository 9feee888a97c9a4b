package io.pulseplane.live;

import static io.pulseplane.Readings.BREATH;
import static io.pulseplane.Readings.OXYGEN;
import static io.pulseplane.Readings.PULSE;
import static io.pulseplane.Readings.one;
import static io.pulseplane.Readings.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.Together;
import io.pulseplane.vitals.Columns;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WatchersTest {

    private static final Columns PULSE_OF_ADA = one(series("ada", "d1", PULSE), 10, 60);
    private static final Columns BREATH_OF_ADA = one(series("ada", "d2", BREATH), 11, 14);
    private static final Columns PULSE_OF_BOB = one(series("bob", "d3", PULSE), 12, 70);
    private static final Columns OXYGEN_OF_BOB = one(series("bob", "d3", OXYGEN), 13, 98);

    private final Watchers watchers = new Watchers(1_000);

    private void publishAll() {
        watchers.publish(PULSE_OF_ADA);
        watchers.publish(BREATH_OF_ADA);
        watchers.publish(PULSE_OF_BOB);
        watchers.publish(OXYGEN_OF_BOB);
    }

    @Test
    void tells_of_the_patient_that_is_watched_and_of_no_other() {
        var listener = Listener.to(watchers.watch(Set.of("ada"), Set.of()), 10);
        publishAll();
        assertThat(listener.heard()).containsExactly(PULSE_OF_ADA, BREATH_OF_ADA);
    }

    @Test
    void tells_of_several_patients_in_the_order_of_publishing() {
        var listener = Listener.to(watchers.watch(Set.of("bob", "ada", "cleo"), Set.of()), 10);
        publishAll();
        assertThat(listener.heard()).containsExactly(PULSE_OF_ADA, BREATH_OF_ADA, PULSE_OF_BOB, OXYGEN_OF_BOB);
    }

    @Test
    void tells_of_the_codes_that_are_watched_and_of_no_other() {
        var listener = Listener.to(watchers.watch(Set.of("ada", "bob"), Set.of(PULSE, OXYGEN)), 10);
        publishAll();
        assertThat(listener.heard()).containsExactly(PULSE_OF_ADA, PULSE_OF_BOB, OXYGEN_OF_BOB);
    }

    @Test
    void tells_everyone_who_watches_whatever_the_others_watch() {
        var all = Listener.to(watchers.watch(Set.of("ada"), Set.of()), 10);
        var breath = Listener.to(watchers.watch(Set.of("ada", "bob"), Set.of(BREATH)), 10);
        var late = watchers.watch(Set.of("bob"), Set.of());
        publishAll();
        assertThat(all.heard()).containsExactly(PULSE_OF_ADA, BREATH_OF_ADA);
        assertThat(breath.heard()).containsExactly(BREATH_OF_ADA);
        assertThat(Listener.to(late, 1).heard()).containsExactly(PULSE_OF_BOB, OXYGEN_OF_BOB);
    }

    @Test
    void tells_nothing_of_what_came_before_the_watch() {
        publishAll();
        assertThat(Listener.to(watchers.watch(Set.of("ada"), Set.of()), 10).items())
                .isEmpty();
    }

    @Test
    void counts_a_patient_once_however_many_watch() {
        var first = Listener.to(watchers.watch(Set.of("ada", "bob"), Set.of()), 1);
        var second = Listener.to(watchers.watch(Set.of("ada"), Set.of(PULSE)), 1);
        assertThat(watchers.patients()).isEqualTo(2);
        first.cancel();
        assertThat(watchers.patients()).isEqualTo(1);
        second.cancel();
        assertThat(watchers.patients()).isZero();
    }

    @Test
    void goes_on_telling_the_others_when_one_leaves() {
        var leaving = Listener.to(watchers.watch(Set.of("ada"), Set.of()), 10);
        var staying = Listener.to(watchers.watch(Set.of("ada"), Set.of()), 10);
        leaving.cancel();
        publishAll();
        assertThat(leaving.items()).isEmpty();
        assertThat(staying.heard()).containsExactly(PULSE_OF_ADA, BREATH_OF_ADA);
    }

    @Test
    void does_not_depend_on_what_becomes_of_the_callers_sets() {
        var patients = new HashSet<>(Set.of("ada"));
        var codes = new HashSet<>(Set.of(PULSE));
        var listener = Listener.to(watchers.watch(patients, codes), 10);
        patients.clear();
        codes.add(BREATH);
        publishAll();
        assertThat(listener.heard()).containsExactly(PULSE_OF_ADA);
        listener.cancel();
        assertThat(watchers.patients()).isZero();
    }

    @Test
    void a_slow_watcher_is_cut_off_alone() {
        var bounded = new Watchers(3);
        var slow = Listener.to(bounded.watch(Set.of("ada", "bob"), Set.of()), 0);
        var quick = Listener.to(bounded.watch(Set.of("ada"), Set.of()), Long.MAX_VALUE);
        for (int i = 0; i < 10; i++) {
            bounded.publish(one(series("ada", "d1", PULSE), i, 60));
        }
        assertThat(slow.failure()).isNotNull();
        assertThat(quick.failure()).isNull();
        assertThat(quick.readings()).hasSize(10);
        assertThat(bounded.patients()).isEqualTo(1);
    }

    /** Watchers come and go on threads of their own; none is left behind, and one that stays hears everything. */
    @Test
    void survive_coming_and_going_while_readings_arrive() throws Exception {
        var many = new Watchers(1_000_000);
        var staying = Listener.to(many.watch(Set.of("p0", "p1", "p2"), Set.of()), Long.MAX_VALUE);
        Together.run(
                () -> {
                    for (int i = 0; i < 30_000; i++) {
                        many.publish(one(series("p" + i % 3, "d1", PULSE), i, 60));
                    }
                },
                () -> comeAndGo(many, "p0"),
                () -> comeAndGo(many, "p1"));
        var times = staying.readings().stream().mapToLong(r -> r.time()).toArray();
        assertThat(times)
                .containsExactly(IntStream.range(0, 30_000).asLongStream().toArray());
        staying.cancel();
        assertThat(many.patients()).isZero();
    }

    private static void comeAndGo(Watchers watchers, String patient) {
        for (int i = 0; i < 3_000; i++) {
            var listener = Listener.to(watchers.watch(Set.of(patient, "p2", "q" + i), Set.of()), i % 3);
            assertThat(listener.failure()).isNull();
            listener.cancel();
        }
    }
}
