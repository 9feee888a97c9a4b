package io.pulseplane.store.edge.keys;

import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.sql.SQLException;

/**
 * A sealed empty value in the database. A plane opens it first, to find out whether the data keys belong to this
 * database. Without it, the plane would find no patient with the keys of another database, and report no error.
 */
public final class KeyCheckValue {

    private KeyCheckValue() {}

    public static void write(SqliteSession session, KeyVault vault) throws SQLException {
        var insert = session.prepare("INSERT INTO key_check VALUES (1, ?)");
        var plain = new byte[0];
        insert.setBytes(1, session.codecs().aesGcm.seal(vault.storeKey(), AssociatedData.ofKeyCheck(), plain, 0, 0));
        insert.executeUpdate();
    }

    public static boolean matches(SqliteSession session, KeyVault vault) throws SQLException {
        try (var row = session.prepare("SELECT payload FROM key_check").executeQuery()) {
            if (!row.next()) {
                return false;
            }
            session.codecs()
                    .aesGcm
                    .open(vault.storeKey(), AssociatedData.ofKeyCheck(), SqliteSession.bytesOrEmpty(row, 1));
            return true;
        } catch (DecryptionFailedException _) {
            return false;
        }
    }
}
