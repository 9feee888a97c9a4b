package io.pulseplane.store.spool;

import io.pulseplane.store.RejectionCodec;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.chunk.ChunkEncoder;
import io.pulseplane.vitals.chunk.ChunkReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;

/** Encodes and decodes screened batches; readings are encoded as chunks. An instance is for one thread at a time. */
final class BatchCodec {

    private static final int VERSION = 1;

    private final ChunkEncoder encoder = new ChunkEncoder();
    private final ChunkReader reader = new ChunkReader();

    byte[] encode(ScreenedBatch batch) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeUTF(batch.device());
            out.writeUTF(batch.patient());
            out.writeLong(batch.sequence());
            out.writeLong(batch.digest());
            out.writeInt(batch.duplicates());
            write(out, RejectionCodec.encode(batch.rejections()));
            out.writeInt(batch.blocks().size());
            for (var block : batch.blocks()) {
                write(out, block);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory cannot fail", e);
        }
        return bytes.toByteArray();
    }

    private void write(DataOutputStream out, ScreenedBatch.Block block) throws IOException {
        var columns = block.columns();
        out.writeUTF(columns.series().code());
        out.writeUTF(columns.series().unit());
        out.writeInt(columns.size());
        for (int from = 0; from < columns.size(); from += ChunkEncoder.MAX_READINGS) {
            int to = Math.min(columns.size(), from + ChunkEncoder.MAX_READINGS);
            write(out, encoder.encode(columns.times(), columns.values(), from, to));
        }
        var originalIndexes = block.originalIndexes();
        out.writeBoolean(originalIndexes != null);
        if (originalIndexes != null) {
            for (int index : originalIndexes) {
                out.writeInt(index);
            }
        }
    }

    private static void write(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /** @throws IllegalStateException if the bytes are truncated or of another version */
    ScreenedBatch decode(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readByte() != VERSION) {
                throw new IllegalStateException("the spooled batch has an unknown version");
            }
            var device = in.readUTF();
            var patient = in.readUTF();
            long sequence = in.readLong();
            long digest = in.readLong();
            int duplicates = in.readInt();
            var rejections = RejectionCodec.decode(readBytes(in));
            int count = in.readInt();
            var blocks = new ArrayList<ScreenedBatch.Block>(count);
            for (int i = 0; i < count; i++) {
                blocks.add(readBlock(in, device, patient));
            }
            return new ScreenedBatch(device, patient, sequence, digest, blocks, duplicates, rejections);
        } catch (IOException e) {
            throw new IllegalStateException("the spooled batch is truncated", e);
        }
    }

    private ScreenedBatch.Block readBlock(DataInputStream in, String device, String patient) throws IOException {
        var series = new Series(patient, device, in.readUTF(), in.readUTF());
        int size = in.readInt();
        var times = new long[size];
        var values = new double[size];
        for (int filled = 0; filled < size; filled += reader.count()) {
            reader.open(readBytes(in));
            reader.times(0, reader.count(), times, filled);
            reader.values(0, reader.count(), values, filled);
        }
        int[] originalIndexes = null;
        if (in.readBoolean()) {
            originalIndexes = new int[size];
            for (int i = 0; i < size; i++) {
                originalIndexes[i] = in.readInt();
            }
        }
        return new ScreenedBatch.Block(new Columns(series, times, values), originalIndexes);
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a part cannot be longer than the batch");
        }
        return in.readNBytes(length);
    }
}
