package io.pulseplane.store.edge;

import io.pulseplane.files.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads and changes the files of a store directly, without the store. */
public final class RawDatabase {

    private static final String DATABASE = "pulseplane.db";

    private RawDatabase() {}

    public static Connection connect(Path file) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file);
    }

    /** Executes SQL on the database, and returns how many rows changed. */
    public static int update(Path directory, String sql, Object... parameters) throws SQLException {
        return updateIn(directory.resolve(DATABASE), sql, parameters);
    }

    public static int updateIn(Path file, String sql, Object... parameters) throws SQLException {
        try (var connection = connect(file);
                var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            return statement.executeUpdate();
        }
    }

    public static long queryLong(Path directory, String sql) throws SQLException {
        try (var connection = connect(directory.resolve(DATABASE));
                var row = connection.createStatement().executeQuery(sql)) {
            return row.getLong(1);
        }
    }

    public static List<byte[]> queryBlobs(Path file, String sql) throws SQLException {
        var blobs = new ArrayList<byte[]>();
        try (var connection = connect(file);
                var rows = connection.createStatement().executeQuery(sql)) {
            while (rows.next()) {
                blobs.add(rows.getBytes(1));
            }
        }
        return blobs;
    }

    /** How many pairs of chunks of one series overlap. */
    public static long countOverlaps(Path directory) throws SQLException {
        return queryLong(directory, """
                SELECT count(*) FROM chunk a JOIN chunk b ON b.series = a.series AND b.number <> a.number
                WHERE b.first_us >= a.first_us AND b.first_us <= a.last_us""");
    }

    /** Copies every file except the lock and SQLite's shared memory, which SQLite creates again. */
    public static Path copy(Path from, Path to) throws IOException {
        PrivateFiles.createDirectories(to);
        try (var files = Files.list(from)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("lock") && !file.toString().endsWith("-shm")) {
                    Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        return to;
    }

    /** Whether any file of the directory contains these bytes. */
    public static boolean contains(Path directory, byte[] bytes) throws IOException {
        try (var files = Files.list(directory)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                if (indexOf(Files.readAllBytes(file), bytes) >= 0) {
                    return true;
                }
            }
        }
        return false;
    }

    static boolean contains(Path directory, String text) throws IOException {
        return contains(directory, text.getBytes(StandardCharsets.UTF_8));
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int i = 0; i <= bytes.length - part.length; i++) {
            if (bytes[i] == part[0] && Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        return -1;
    }
}
