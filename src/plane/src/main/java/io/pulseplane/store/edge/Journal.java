package io.pulseplane.store.edge;

import io.pulseplane.store.edge.Backlog.Written;
import io.pulseplane.store.seal.SealBroken;
import io.pulseplane.store.seal.Sealer;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Problem;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * The table {@code journal}: each row is an entry, the batches of one group, which is all an acknowledgement waits for.
 *
 * <pre>
 * entry
 *   of each batch: varint number of the patient; varint length; that many bytes, sealed under the patient's key
 * batch, opened
 *   1 byte   version, 1
 *   varint   number of the device
 *   8 bytes  sequence; 8 bytes time of storing
 *   8 bytes  digest; varint accepted; varint duplicates; varint length, and rejections
 *   varint   number of series; of each: varint number; varint length; a chunk
 * </pre>
 *
 * Numbers of several bytes are little-endian.
 */
final class Journal {

    private static final System.Logger LOG = System.getLogger(Journal.class.getName());

    private static final int VERSION = 1;

    private final KeyVault vault;
    private final ByteSink entry = new ByteSink();
    private final ByteSink batch = new ByteSink();
    private long number;
    private int index;

    Journal(KeyVault vault) {
        this.vault = vault;
    }

    /** Begins an entry; what was put into the one before and not written is dropped. */
    void begin(Session session) throws SQLException {
        entry.clear();
        index = 0;
        try (var row = session.prepare(
                        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0) + 1")
                .executeQuery()) {
            row.next();
            number = row.getLong(1);
        }
    }

    /** Puts a batch into the entry. */
    Written put(
            Session session,
            long patient,
            long device,
            String deviceId,
            long time,
            Sent sent,
            long[] series,
            List<Columns> fresh)
            throws SQLException {
        var bench = session.bench();
        var pieces = new Piece[series.length];
        batch.clear();
        batch.put(VERSION);
        batch.varint(device);
        batch.fixed(sent.sequence());
        batch.fixed(time);
        sent.write(batch);
        batch.varint(series.length);
        for (int i = 0; i < series.length; i++) {
            var columns = fresh.get(i);
            var chunk = bench.encoder.encode(columns.times(), columns.values(), 0, columns.size());
            batch.varint(series[i]);
            batch.varint(chunk.length);
            batch.put(chunk);
            pieces[i] = new Piece(chunk, columns.firstTime(), columns.lastTime(), columns.size());
        }
        var key = vault.key(patient).orElseThrow(() -> new Problem.Damaged("a patient's key is not there"));
        int length = batch.size() + Sealer.OVERHEAD;
        entry.varint(patient);
        entry.varint(length);
        int at = entry.reserve(length);
        bench.sealer.seal(key, Place.inJournal(number, index++), batch.array(), 0, batch.size(), entry.array(), at);
        return new Written(number, device, deviceId, patient, time, sent, series, pieces);
    }

    boolean isEmpty() {
        return index == 0;
    }

    int bytes() {
        return entry.size();
    }

    void write(Session session) throws SQLException {
        var insert = session.prepare("INSERT INTO journal VALUES (?, ?)");
        insert.setLong(1, number);
        insert.setBytes(2, entry.toByteArray());
        insert.executeUpdate();
    }

    static void deleteUpTo(Session session, long last) throws SQLException {
        var delete = session.prepare("DELETE FROM journal WHERE number <= ?");
        delete.setLong(1, last);
        delete.executeUpdate();
    }

    /**
     * Reads everything there is into the backlog. A batch whose seal is broken costs itself; of a patient who was erased there
     * is nothing to be read any more.
     */
    void replay(Session session, Backlog backlog) throws SQLException {
        visit(
                session,
                (_, bytes, batches) -> backlog.add(batches, bytes),
                (entry, what) -> LOG.log(Level.ERROR, "Entry {0} of the journal: {1}", entry, what));
    }

    /** Sees entries, in order, with those of their batches that can be read. */
    interface Visitor {
        void visit(long entry, int bytes, List<Written> batches) throws SQLException;
    }

    /** Told of what cannot be read, though it should be. */
    interface Lost {
        void lost(long entry, String what);
    }

    void visit(Session session, Visitor visitor, Lost lost) throws SQLException {
        var ids = new DeviceIds();
        try (var rows = session.prepare("SELECT number, payload FROM journal ORDER BY number")
                .executeQuery()) {
            while (rows.next()) {
                long entry = rows.getLong(1);
                var payload = Session.bytes(rows, 2);
                visitor.visit(entry, payload.length, batches(session, ids, entry, payload, lost));
            }
        }
    }

    private List<Written> batches(Session session, DeviceIds ids, long entry, byte[] payload, Lost lost)
            throws SQLException {
        var batches = new ArrayList<Written>();
        if (payload.length == 0) {
            lost.lost(entry, "it is damaged, and there is nothing in it");
        }
        var source = new ByteSource(payload);
        try {
            for (int i = 0; !source.isAtEnd(); i++) {
                long patient = source.varint();
                int length = source.length();
                int from = source.skip(length);
                var key = keyOf(patient, entry, lost);
                if (key.isPresent()) {
                    try {
                        var plain = session.bench()
                                .sealer
                                .open(key.get(), Place.inJournal(entry, i), payload, from, from + length);
                        batches.add(batch(session, ids, entry, patient, new ByteSource(plain)));
                    } catch (SealBroken _) {
                        lost.lost(entry, "batch " + i + " is damaged and lost");
                    }
                }
            }
        } catch (Problem.Damaged _) {
            lost.lost(entry, "it is damaged, and what follows in it lost");
        }
        return batches;
    }

    /** A key that is damaged costs what was sealed under it, and nothing that lies beside that. */
    private Optional<SecretKey> keyOf(long patient, long entry, Lost lost) throws SQLException {
        try {
            return vault.key(patient);
        } catch (Problem.Damaged _) {
            lost.lost(entry, "the key of patient number " + patient + " is damaged, and a batch lost");
            return Optional.empty();
        }
    }

    /** How many batches an entry has, told without a key. */
    static int batchesIn(byte[] payload) {
        var source = new ByteSource(payload);
        int batches = 0;
        try {
            while (!source.isAtEnd()) {
                source.varint();
                source.skip(source.length());
                batches++;
            }
        } catch (Problem.Damaged _) {
            // As many as can be told apart.
        }
        return batches;
    }

    private static Written batch(Session session, DeviceIds ids, long entry, long patient, ByteSource source)
            throws SQLException {
        if (source.next() != VERSION) {
            throw new Problem.Unmet("the journal was written by a newer Pulseplane");
        }
        long device = source.varint();
        long sequence = source.fixed();
        long time = source.fixed();
        var sent = Sent.read(sequence, source);
        int count = source.count();
        var series = new ArrayList<Long>();
        var pieces = new ArrayList<Piece>();
        for (int i = 0; i < count; i++) {
            series.add(source.varint());
            var chunk = source.bytes(source.length());
            var reader = session.bench().reader.open(chunk);
            pieces.add(new Piece(chunk, reader.firstTime(), reader.lastTime(), reader.count()));
        }
        return new Written(
                entry,
                device,
                ids.of(session, device),
                patient,
                time,
                sent,
                series.stream().mapToLong(Long::longValue).toArray(),
                pieces.toArray(Piece[]::new));
    }
}
