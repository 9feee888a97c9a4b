package io.pulseplane.gate.policy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * A policy as it lies in a directory: {@code policy.wasm}, or a bundle {@code bundle.tar.gz} as {@code opa build} makes it,
 * with {@code policy.wasm} and perhaps {@code data.json} at its root. A bundle is read in memory, and no more of it than the
 * bounds here; nothing is ever unpacked to disk.
 */
record PolicyFile(byte[] wasm, byte[] data) {

    static final String MODULE = "policy.wasm";
    static final String BUNDLE = "bundle.tar.gz";
    static final String DATA = "data.json";

    static final int MAX_FILE_BYTES = 16 * 1024 * 1024;
    static final int MAX_DATA_BYTES = 1024 * 1024;

    /** What a bundle may unpack to. */
    static final int MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

    static final int MAX_ENTRIES = 1000;

    /** The one file of the directory that is the policy. */
    static Path locate(Path directory) throws IOException {
        var module = directory.resolve(MODULE);
        var bundle = directory.resolve(BUNDLE);
        var isModule = Files.isRegularFile(module);
        var isBundle = Files.isRegularFile(bundle);
        if (isModule && isBundle) {
            throw new IOException("there are both " + MODULE + " and " + BUNDLE);
        }
        if (!isModule && !isBundle) {
            throw new NoSuchFileException("there is neither " + MODULE + " nor " + BUNDLE);
        }
        return isModule ? module : bundle;
    }

    /** The bytes of the file, if it is no larger than it may be. */
    static byte[] readBytes(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return readAtMost(in, MAX_FILE_BYTES, file.getFileName().toString());
        }
    }

    static PolicyFile read(Path file, byte[] bytes) throws IOException {
        return file.endsWith(BUNDLE) ? bundle(bytes) : new PolicyFile(bytes, new byte[0]);
    }

    private static PolicyFile bundle(byte[] bytes) throws IOException {
        byte[] wasm = null;
        var data = new byte[0];
        try (var tar = new TarArchiveInputStream(
                new LimitedInputStream(new GZIPInputStream(new ByteArrayInputStream(bytes)), MAX_UNPACKED_BYTES))) {
            var entries = 0;
            for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                if (++entries > MAX_ENTRIES) {
                    throw new IOException("the bundle has more than " + MAX_ENTRIES + " entries");
                }
                switch (name(entry)) {
                    case MODULE -> wasm = readAtMost(tar, MAX_FILE_BYTES, MODULE);
                    case DATA -> data = readAtMost(tar, MAX_DATA_BYTES, DATA);
                    default -> requireNoData(entry);
                }
            }
        }
        if (wasm == null) {
            throw new IOException("the bundle has no " + MODULE + ": it is built with opa build --target wasm");
        }
        return new PolicyFile(wasm, data);
    }

    private static String name(TarArchiveEntry entry) {
        return entry.isFile() ? entry.getName().replaceFirst("^(\\./|/)+", "") : "";
    }

    /** Data elsewhere would be left out, and the policy would mean something else; opa build puts all of it at the root. */
    private static void requireNoData(TarArchiveEntry entry) throws IOException {
        if (entry.getName().endsWith("/" + DATA) || entry.getName().endsWith("data.yaml")) {
            throw new IOException("the bundle has data elsewhere than in " + DATA + " at its root");
        }
    }

    private static byte[] readAtMost(InputStream in, int max, String what) throws IOException {
        var bytes = in.readNBytes(max + 1);
        if (bytes.length > max) {
            throw new IOException(what + " has more than " + max + " bytes");
        }
        return bytes;
    }

    /** Ends with an error where it would give more than it may. */
    private static final class LimitedInputStream extends InputStream {

        private final InputStream in;
        private long remaining;

        LimitedInputStream(InputStream in, long max) {
            this.in = in;
            remaining = max;
        }

        @Override
        public int read() throws IOException {
            return counted(in.read(), 1);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            var count = in.read(bytes, offset, length);
            return counted(count, count);
        }

        private int counted(int result, int count) throws IOException {
            if (result >= 0) {
                remaining -= count;
            }
            if (remaining < 0) {
                throw new IOException("the bundle unpacks to more than " + MAX_UNPACKED_BYTES + " bytes");
            }
            return result;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
