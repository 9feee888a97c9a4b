package io.pulseplane.loadtest.stores;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * Prints the size of the same readings as CSV, plain and compressed as a whole. Such a file cannot be appended or
 * queried.
 */
final class CsvSizes {

    private static final int ZSTD_LEVEL = 19;

    /** Three days instead of a month: to compress a month takes minutes, and the size per reading is the same. */
    private static final int READINGS = 3 * 86_400;

    private CsvSizes() {}

    static void print(Optional<Path> recording) throws IOException {
        print("a month", month(), READINGS);
        if (recording.isPresent()) {
            int readings = Recording.plausibleRows(recording.get()).size() * Recording.PATIENTS;
            print("the recording", Recording.csv(recording.get()), readings);
        }
    }

    private static void print(String name, String text, int readings) throws IOException {
        var bytes = text.getBytes(StandardCharsets.US_ASCII);
        StoreFigures.print("csv of " + name, (double) bytes.length / readings);
        StoreFigures.print("gzip of " + name, (double) gzip(bytes) / readings);
        StoreFigures.print("zstd of " + name, (double) Zstd.compress(bytes, ZSTD_LEVEL).length / readings);
    }

    private static String month() {
        var run = new HeartRateGenerator(1).nextGroup(1, READINGS).getFirst();
        var text = new StringBuilder();
        for (int i = 0; i < READINGS; i++) {
            text.append(Instant.EPOCH.plus(run.times()[i], ChronoUnit.MICROS))
                    .append(",device-0,patient-0,8867-4,")
                    .append(run.values()[i])
                    .append(",/min\n");
        }
        return text.toString();
    }

    private static int gzip(byte[] bytes) throws IOException {
        var compressed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(compressed) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            out.write(bytes);
        }
        return compressed.size();
    }
}
