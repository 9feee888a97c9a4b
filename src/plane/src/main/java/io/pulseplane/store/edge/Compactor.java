package io.pulseplane.store.edge;

import io.pulseplane.store.edge.Backlog.Cut;
import io.pulseplane.store.edge.Backlog.Seen;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.TimeRange;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Moves what the journal keeps into chunks. Reading, joining and encoding is done here; the thread that writes gets
 * transactions of a bounded size, so that an acknowledgement never waits long for one.
 *
 * <p>The entries are deleted in the last transaction, after everything they had is in chunks. If the plane dies before, they
 * are read again, and what is in chunks already is found to be known.
 */
final class Compactor {

    private static final System.Logger LOG = System.getLogger(Compactor.class.getName());

    /** Of chunks in one transaction: some milliseconds. */
    private static final long BYTES_AT_ONCE = 512L << 10;

    private static final int SERIES_AT_ONCE = 128;
    private static final int DEVICES_AT_ONCE = 16;

    private final Session session;
    private final Backstage writer;
    private final Backlog backlog;
    private final KeyVault vault;
    private final ReceiptRows receipts;
    private final Filling filling;

    Compactor(Session session, Backstage writer, Backlog backlog, KeyVault vault, ReceiptRows receipts)
            throws SQLException {
        this.session = session;
        this.writer = writer;
        this.backlog = backlog;
        this.vault = vault;
        this.receipts = receipts;
        this.filling = new Filling((int) session.pragma("page_size"));
    }

    /** Everything that is in the journal now. */
    void compact() throws SQLException {
        var cut = writer.run(_ -> backlog.cut());
        if (cut.isEmpty()) {
            return;
        }
        placeReadings();
        placeReceipts(cut);
        var seen = new HashMap<>(backlog.seen());
        writer.run(
                session -> {
                    for (var last : seen.values()) {
                        DeviceRows.seen(session, last.device(), last.lastSequence(), last.time());
                    }
                    Journal.deleteUpTo(session, cut.lastEntry());
                    return seen;
                },
                written -> backlog.forget(cut, written, now(written)));
    }

    /** What came after the cut is about this old. */
    private static long now(Map<String, Seen> written) {
        return written.values().stream().mapToLong(Seen::time).max().orElse(0);
    }

    private void placeReadings() throws SQLException {
        var plans = new ArrayList<Placement.Plan>();
        var tails = new HashMap<Long, Backlog.Tail>();
        long bytes = 0;
        for (var entry : backlog.tails().entrySet()) {
            var plan = plan(entry.getKey(), entry.getValue());
            tails.put(entry.getKey(), entry.getValue());
            if (plan != null) {
                plans.add(plan);
                bytes += plan.bytes();
            }
            if (bytes >= BYTES_AT_ONCE || tails.size() >= SERIES_AT_ONCE) {
                carryOut(plans, tails);
                plans.clear();
                tails.clear();
                bytes = 0;
            }
        }
        carryOut(plans, tails);
    }

    /** Null if the patient was erased meanwhile, or the patient's key is damaged, so that nothing can be sealed any more. */
    private Placement.Plan plan(long series, Backlog.Tail tail) throws SQLException {
        var key = keyOf(tail.patient());
        if (key.isEmpty()) {
            return null;
        }
        var gathering = new Gathering();
        for (var piece : tail.list()) {
            gathering.add(
                    session.bench().reader.open(piece.chunk()), TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE);
        }
        return Placement.of(session, series, key.get(), gathering.sorted());
    }

    private Optional<SecretKey> keyOf(long patient) throws SQLException {
        try {
            return vault.key(patient);
        } catch (Problem.Damaged _) {
            LOG.log(Level.ERROR, "The key of patient number {0} is damaged, and what came lately is lost", patient);
            return Optional.empty();
        }
    }

    private void carryOut(List<Placement.Plan> plans, Map<Long, Backlog.Tail> tails) throws SQLException {
        if (tails.isEmpty()) {
            return;
        }
        writer.run(
                session -> {
                    var fresh = new ArrayList<ChunkRows.Fresh>();
                    for (var plan : plans) {
                        // Who was erased since the plan was made has no key any more, and must leave nothing behind.
                        if (vault.key(tails.get(plan.series()).patient()).isPresent()) {
                            plan.makeRoom(session);
                            fresh.addAll(plan.fresh());
                        }
                    }
                    for (var chunk : filling.order(fresh)) {
                        ChunkRows.insert(session, chunk);
                    }
                    return plans;
                },
                _ -> tails.forEach(backlog::forget));
    }

    private void placeReceipts(Cut cut) throws SQLException {
        var byDevice = new HashMap<Long, List<Sent>>();
        cut.sent()
                .forEach((batch, answer) -> byDevice.computeIfAbsent(batch.device(), _ -> new ArrayList<>())
                        .add(answer.sent()));
        var devices = new ArrayList<>(byDevice.keySet());
        for (int from = 0; from < devices.size(); from += DEVICES_AT_ONCE) {
            var some = devices.subList(from, Math.min(from + DEVICES_AT_ONCE, devices.size()));
            writer.run(session -> {
                for (long device : some) {
                    receipts.add(session, device, byDevice.get(device));
                }
                return some;
            });
        }
    }
}
