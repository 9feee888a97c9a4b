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
 * A policy in a directory: the file {@code policy.wasm}, or a bundle {@code bundle.tar.gz} made by {@code opa build},
 * with {@code policy.wasm} and perhaps {@code data.json} at its root. A bundle is read in memory within the bounds
 * here; nothing is unpacked to disk.
 */
record PolicyFile(byte[] wasm, byte[] data) {

    static final String MODULE = "policy.wasm";
    static final String BUNDLE = "bundle.tar.gz";
    static final String DATA = "data.json";

    static final int MAX_FILE_BYTES = 16 * 1024 * 1024;
    static final int MAX_DATA_BYTES = 1024 * 1024;

    /** The size of an unpacked bundle. */
    static final int MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

    static final int MAX_ENTRIES = 1000;

    /** Finds the policy in the directory. There must be exactly one. */
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

    /** Reads the file; fails if it is larger than its bound. */
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

    /**
     * Refuses data elsewhere than at the root. It would be ignored, and the policy would decide otherwise. opa build
     * puts all data at the root.
     */
    private static void requireNoData(TarArchiveEntry entry) throws IOException {
        if (entry.getName().endsWith("/" + DATA) || entry.getName().endsWith("data.yaml")) {
            throw new IOException("the bundle has data elsewhere than in " + DATA + " at its root");
        }
    }

    private static byte[] readAtMost(InputStream in, int max, String name) throws IOException {
        var bytes = in.readNBytes(max + 1);
        if (bytes.length > max) {
            throw new IOException(name + " has more than " + max + " bytes");
        }
        return bytes;
    }

    /** Throws when more bytes are read than the bound. */
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
