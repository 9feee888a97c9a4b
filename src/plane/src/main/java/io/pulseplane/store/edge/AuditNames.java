package io.pulseplane.store.edge;

import io.pulseplane.store.Patient;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * The names that the audit trail has for patients: keyed hashes of their ids. Their key is derived from the store's
 * own, which stays when the key of the node changes. A name leads back to the id by the registry alone, so the name of
 * a patient who was erased leads nowhere; whoever knows the id can still ask for its name.
 */
public final class AuditNames {

    private final KeyVault vault;
    private final PatientTable patients;

    AuditNames(KeyVault vault) {
        this.vault = vault;
        this.patients = new PatientTable(vault);
    }

    /** The name of a patient: 32 hexadecimal digits. Several threads may call this. */
    public String of(String patient) {
        return HexFormat.of().formatHex(vault.auditName(vault.tag(PatientTable.ID_TAG_KIND, patient)));
    }

    /** The ids of those patients who are registered, by name. */
    Map<String, String> idsOf(SqliteSession session, Collection<String> names) throws SQLException {
        var ids = new HashMap<String, String>();
        for (var name : names) {
            if (name.matches("[0-9a-f]{32}")) {
                patients.byIdTag(session, vault.tagOf(HexFormat.of().parseHex(name)))
                        .map(Patient::id)
                        .ifPresent(id -> ids.put(name, id));
            }
        }
        return ids;
    }

    /** Gets names, and the ids for names. */
    public interface OfflineUse<T> {
        T use(AuditNames names, Resolver resolver);
    }

    /** Finds ids for names. */
    public interface Resolver {
        Map<String, String> idsOf(Collection<String> names);
    }

    /**
     * Uses the names of a store that a plane may have open or not.
     *
     * @throws PlaneException.FailedPrecondition if the keys are wrapped under another node key
     */
    public static <T> T read(Path directory, KeyEncryptionKey nodeKey, OfflineUse<T> use) {
        try (var session = new Database(directory.resolve("pulseplane.db")).openForReading();
                var vault = KeyVault.openForReading(new Database(directory.resolve("keys.db")), nodeKey)) {
            var names = new AuditNames(vault);
            return use.use(names, hashes -> {
                try {
                    return names.idsOf(session, hashes);
                } catch (SQLException e) {
                    throw SqliteErrors.toPlaneException(e);
                }
            });
        } catch (SQLException e) {
            throw SqliteErrors.toPlaneException(e);
        }
    }
}
