package io.pulseplane.store.privacy;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.Erasure;
import io.pulseplane.store.crypto.Aead;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.vitals.PlaneException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The file with the erasures and the changes of consent that this plane recorded. Each line is one entry, sealed and in
 * Base64: about 150 bytes. While it is open the file grows at its end. When it is opened, entries that later ones have
 * replaced are left out, and all are sealed under the current key.
 *
 * <p>An unfinished last line is left over from a crash: that decision was not answered. Every other line that cannot be
 * opened is an error. Methods block, and may be called by any thread.
 */
public final class PrivacyJournal implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PrivacyJournal.class.getName());

    private static final byte ERASURE = 1;
    private static final byte CONSENT_CHANGE = 2;
    private static final int DIGEST_BYTES = 32;

    /** Binds entries to this kind of file. */
    private static final String PLACE = "privacy journal";

    private final Path file;
    private final Aead aead;
    private FileChannel channel;

    /** The latest erasure of each patient, by digest of the id. */
    private final Map<ByteBuffer, Erasure> erasures = new HashMap<>();

    /** When the latest change of consent of each patient was recorded. */
    private final Map<String, Long> consentChanges = new HashMap<>();

    private PrivacyJournal(Path file, Aead aead) throws IOException {
        this.file = file;
        this.aead = aead;
        this.channel = openChannel(file);
    }

    /**
     * Opens the journal, and creates it for its owner alone if it does not exist.
     *
     * @throws PlaneException.FailedPrecondition if an entry was sealed with another key, or is damaged
     * @throws PlaneException.Unavailable if the file cannot be read or written
     */
    public static PrivacyJournal open(Path file, Keyset keys) {
        try {
            PrivateFiles.createDirectories(file.getParent());
            var journal = new PrivacyJournal(file, new Aead(keys, PLACE));
            if (journal.replay()) {
                journal.rewrite();
            }
            syncDirectory(file.getParent());
            return journal;
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the journal of erasures and consents cannot be opened", e);
        }
    }

    private static FileChannel openChannel(Path file) throws IOException {
        return PrivateFiles.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static void syncDirectory(Path directory) throws IOException {
        try (var opened = FileChannel.open(directory, StandardOpenOption.READ)) {
            opened.force(true);
        }
    }

    /** @return whether the file should be rewritten */
    private boolean replay() throws IOException {
        var bytes = ByteBuffer.allocate(Math.toIntExact(channel.size()));
        while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
            // Reads on.
        }
        var text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
        int start = 0;
        int entries = 0;
        boolean isUnderEarlierKey = false;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            var sealed = decode(text.substring(start, end));
            keep(open(sealed, start));
            isUnderEarlierKey |= ByteBuffer.wrap(sealed, 1, Integer.BYTES).getInt() != aead.keyId();
            entries++;
            start = end + 1;
        }
        if (start < text.length()) {
            LOG.log(Level.WARNING, "An unfinished entry at the end of the journal of erasures and consents is dropped");
            channel.truncate(start);
        }
        channel.position(start);
        return isUnderEarlierKey || entries > erasures.size() + consentChanges.size();
    }

    /** A crash leaves the old file or the new one. */
    private void rewrite() throws IOException {
        var newFile = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(newFile);
        channel.close();
        channel = openChannel(newFile);
        for (var erasure : erasures.values()) {
            append(ERASURE, erasure.time(), out -> out.write(erasure.idDigest()));
        }
        for (var change : consentChanges.entrySet()) {
            append(CONSENT_CHANGE, change.getValue(), out -> out.writeUTF(change.getKey()));
        }
        Files.move(newFile, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Returns no bytes if the line is not Base64. */
    private static byte[] decode(String line) {
        try {
            return Base64.getDecoder().decode(line);
        } catch (IllegalArgumentException _) {
            return new byte[0];
        }
    }

    private byte[] open(byte[] sealed, int offset) {
        return aead.open(PLACE, sealed)
                .orElseThrow(() -> new PlaneException.FailedPrecondition(
                        "the entry at byte " + offset + " of the journal of erasures and consents is damaged,"
                                + " or the site's key is another one"));
    }

    private void keep(byte[] entry) throws IOException {
        var in = new DataInputStream(new ByteArrayInputStream(entry));
        byte kind = in.readByte();
        long time = in.readLong();
        switch (kind) {
            case ERASURE -> keep(new Erasure(in.readNBytes(DIGEST_BYTES), time));
            case CONSENT_CHANGE -> keepConsentChange(in.readUTF(), time);
            default ->
                throw new PlaneException.FailedPrecondition(
                        "the journal of erasures and consents was written by a newer Pulseplane");
        }
    }

    private void keep(Erasure erasure) {
        erasures.merge(ByteBuffer.wrap(erasure.idDigest()), erasure, (a, b) -> a.time() >= b.time() ? a : b);
    }

    private void keepConsentChange(String patient, long time) {
        consentChanges.merge(patient, time, Math::max);
    }

    /** Adds an erasure. After this returns, it is on disk. The patient's changes of consent are forgotten. */
    public synchronized void addErasure(String patient, long time) {
        var erasure = Erasure.of(patient, time);
        append(ERASURE, time, out -> out.write(erasure.idDigest()));
        keep(erasure);
        consentChanges.remove(patient);
    }

    /** Adds a change of consent. After this returns, it is on disk. */
    public synchronized void addConsentChange(String patient, long time) {
        append(CONSENT_CHANGE, time, out -> out.writeUTF(patient));
        keepConsentChange(patient, time);
    }

    private interface Content {
        void writeTo(DataOutputStream out) throws IOException;
    }

    private void append(byte kind, long time, Content content) {
        try {
            var entry = new ByteArrayOutputStream();
            var out = new DataOutputStream(entry);
            out.writeByte(kind);
            out.writeLong(time);
            content.writeTo(out);
            var line = Base64.getEncoder().encodeToString(aead.seal(PLACE, entry.toByteArray())) + '\n';
            write(ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            throw new PlaneException.Unavailable(
                    "the decision is stored, but its journal cannot be written; send it again", e);
        }
    }

    /** Leaves no part of a line behind if the disk is full. */
    private void write(ByteBuffer line) throws IOException {
        long start = channel.position();
        try {
            while (line.hasRemaining()) {
                channel.write(line);
            }
            channel.force(false);
        } catch (IOException e) {
            channel.truncate(start);
            throw e;
        }
    }

    public synchronized List<Erasure> erasures() {
        return new ArrayList<>(erasures.values());
    }

    /** Returns when the latest change of consent of each patient was recorded, in microseconds since the epoch. */
    public synchronized Map<String, Long> consentChanges() {
        return Map.copyOf(consentChanges);
    }

    @Override
    public synchronized void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
