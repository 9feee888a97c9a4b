package io.pulseplane.store.edge;

import io.pulseplane.store.seal.SealBroken;
import java.sql.SQLException;

/** Something sealed that the database keeps, to be opened first: keys of another database would find nobody, and say nothing. */
final class SealCheck {

    private SealCheck() {}

    static void write(Session session, KeyVault vault) throws SQLException {
        var insert = session.prepare("INSERT INTO key_check VALUES (1, ?)");
        var plain = new byte[0];
        insert.setBytes(1, session.bench().sealer.seal(vault.ownKey(), Place.ofKeyCheck(), plain, 0, 0));
        insert.executeUpdate();
    }

    static boolean holds(Session session, KeyVault vault) throws SQLException {
        try (var row = session.prepare("SELECT payload FROM key_check").executeQuery()) {
            if (!row.next()) {
                return false;
            }
            session.bench().sealer.open(vault.ownKey(), Place.ofKeyCheck(), Session.bytes(row, 1));
            return true;
        } catch (SealBroken _) {
            return false;
        }
    }
}
