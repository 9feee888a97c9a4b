package io.pulseplane.loadtest.stores;

import io.questdb.cairo.CairoConfiguration;
import io.questdb.cairo.CairoEngine;
import io.questdb.cairo.CommitMode;
import io.questdb.cairo.DefaultCairoConfiguration;
import io.questdb.cairo.TableWriter;
import io.questdb.cairo.security.AllowAllSecurityContext;
import io.questdb.griffin.SqlException;
import io.questdb.griffin.SqlExecutionContext;
import io.questdb.griffin.SqlExecutionContextImpl;
import java.nio.file.Path;
import java.util.List;

/** QuestDB in the same process. It writes directly into the table, without a write-ahead log. */
final class QuestDb implements BenchmarkedStore {

    private final Path directory;
    private final boolean synced;
    private final CairoEngine engine;
    private final SqlExecutionContext context;
    private TableWriter writer;

    QuestDb(Path directory, boolean synced) throws SqlException {
        this.directory = directory;
        this.synced = synced;
        this.engine = new CairoEngine(configuration(directory, synced));
        this.context = new SqlExecutionContextImpl(engine, 1).with(AllowAllSecurityContext.INSTANCE, null);
        engine.execute(
                "CREATE TABLE reading (t TIMESTAMP, series INT, v DOUBLE) TIMESTAMP(t) PARTITION BY MONTH BYPASS WAL",
                context);
        writer = writer();
    }

    private static CairoConfiguration configuration(Path directory, boolean synced) {
        return new DefaultCairoConfiguration(directory.toString()) {
            @Override
            public int getCommitMode() {
                return synced ? CommitMode.SYNC : CommitMode.NOSYNC;
            }
        };
    }

    private TableWriter writer() {
        return engine.getWriter(engine.verifyTableName("reading"), "load");
    }

    @Override
    public String durability() {
        return (synced ? "synced" : "not synced") + ", a commit for each group, no index";
    }

    @Override
    public void append(List<SeriesRun> group) {
        for (var run : group) {
            for (int i = 0; i < run.size(); i++) {
                var row = writer.newRow(run.times()[i]);
                row.putInt(1, run.series());
                row.putDouble(2, run.values()[i]);
                row.append();
            }
        }
        writer.commit();
    }

    /** Closes the writer, because an open writer allocates more of a file than it has filled. */
    @Override
    public void compact() {
        writer.close();
        writer = null;
    }

    @Override
    public long bytes() throws Exception {
        return BenchmarkedStore.bytesIn(directory);
    }

    @Override
    public int countReadings(int series, long from, long to) throws SqlException {
        return query("SELECT t, v FROM reading" + where(series, from, to) + " ORDER BY t", 1);
    }

    @Override
    public int minuteWindows(int series, long from, long to) throws SqlException {
        return query(
                "SELECT t, avg(v), min(v), max(v), count() FROM reading" + where(series, from, to) + " SAMPLE BY 1m",
                3);
    }

    /** QuestDB takes numbers that are compared with a timestamp as microseconds. */
    private static String where(int series, long from, long to) {
        return " WHERE series = " + series + " AND t >= " + from + " AND t < " + to;
    }

    private int query(String sql, int doubles) throws SqlException {
        try (var factory = engine.select(sql, context);
                var cursor = factory.getCursor(context)) {
            var row = cursor.getRecord();
            int count = 0;
            while (cursor.hasNext()) {
                row.getTimestamp(0);
                for (int i = 0; i < doubles; i++) {
                    row.getDouble(1 + i);
                }
                count++;
            }
            return count;
        }
    }

    @Override
    public void close() {
        if (writer != null) {
            writer.close();
        }
        engine.close();
    }
}
