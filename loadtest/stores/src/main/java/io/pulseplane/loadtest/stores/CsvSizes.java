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

/** What the same readings take as text, packed as a whole, which nobody could append to or ask anything. */
final class CsvSizes {

    private static final int ZSTD_LEVEL = 19;
    /** Of a month, as packing all of it takes minutes and comes to the same. */
    private static final int READINGS = 3 * 86_400;

    private CsvSizes() {}

    static void print(Optional<Path> recording) throws IOException {
        print("a month", month(), READINGS);
        if (recording.isPresent()) {
            int readings = Recording.lines(recording.get()).size() * Recording.PATIENTS;
            print("the recording", Recording.csv(recording.get()), readings);
        }
    }

    private static void print(String what, String text, int readings) throws IOException {
        var bytes = text.getBytes(StandardCharsets.US_ASCII);
        StoreFigures.print("csv of " + what, (double) bytes.length / readings);
        StoreFigures.print("gzip of " + what, (double) gzip(bytes) / readings);
        StoreFigures.print("zstd of " + what, (double) Zstd.compress(bytes, ZSTD_LEVEL).length / readings);
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
        var packed = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(packed) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            out.write(bytes);
        }
        return packed.size();
    }
}
