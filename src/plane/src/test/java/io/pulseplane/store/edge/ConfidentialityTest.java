package io.pulseplane.store.edge;

import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.Patient;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the files of a store tell nothing about patients without the keys. */
class ConfidentialityTest {

    /** A value whose bytes do not come up by chance. */
    private static final double VALUE = 101.734_920_118_352_7;

    private static final List<String> IDENTIFYING_TEXTS = List.of(
            "patient-telling",
            "provisional-telling",
            "MRN-667-telling",
            "Philomena-telling",
            "Quetzal-telling",
            "1931-07-29",
            "+49 30 5550147",
            "telling@example.org");

    @TempDir
    Path directory;

    @Test
    void no_identifier_and_no_value_of_a_patient_is_readable_in_any_file() throws Exception {
        var store = EdgeStore.open(directory, 1, () -> 1);
        try {
            await(store.registry()
                    .putPatient(new Patient(
                            "patient-telling",
                            Optional.of("MRN-667-telling"),
                            "Philomena-telling",
                            "Quetzal-telling",
                            Optional.of(LocalDate.of(1931, 7, 29)),
                            Optional.of(Patient.Gender.FEMALE),
                            "+49 30 5550147",
                            "telling@example.org",
                            false,
                            0,
                            0)));
            append(store, 1, "patient-telling", 1);
            append(store, 1, "provisional-telling", 2);
            assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM journal"))
                    .isEqualTo(2);
            assertNothingIsReadable();

            await(store.compact());
            append(store, 2, "patient-telling", 1);
            assertThat(RawDatabase.queryLong(directory, "SELECT count(*) FROM chunk"))
                    .isEqualTo(2);
            assertNothingIsReadable();
        } finally {
            store.close();
        }
        assertNothingIsReadable();
    }

    private static void append(EdgeStore store, long sequence, String patient, int device) {
        var pulse = series(patient, "monitor-" + device, ReadingFixtures.HEART_RATE);
        var results = await(store.readings()
                .append(List.of(batch(
                        sequence, columns(pulse, new long[] {sequence * 10, sequence * 10 + 1}, VALUE, VALUE)))));
        assertThat(results).hasSize(1);
    }

    private void assertNothingIsReadable() throws Exception {
        // The id of a device is not sealed, so it must be found. Otherwise the search itself would be wrong.
        assertThat(RawDatabase.contains(directory, "monitor-1")).isTrue();
        for (var text : IDENTIFYING_TEXTS) {
            assertThat(RawDatabase.contains(directory, text)).as(text).isFalse();
        }
        for (var order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
            var bytes = ByteBuffer.allocate(Double.BYTES).order(order).putDouble(VALUE);
            assertThat(RawDatabase.contains(directory, bytes.array())).isFalse();
        }
    }
}
