package io.pulseplane.store.edge.salvage;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.keys.KeyCopy;
import io.pulseplane.store.edge.keys.KeyVault.DestroyedKey;
import io.pulseplane.store.edge.keys.RestoredKeys;
import io.pulseplane.store.edge.salvage.Cells.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Finds the keys in what is left of {@code keys.db} and {@code keys.copy}. */
final class KeySalvage {

    private static final Map<String, Integer> USUAL_ROOTS = Map.of("data_key", 3, "destroyed", 4, "store_identity", 5);

    private final RestoredKeys keys;

    private KeySalvage(KeyEncryptionKey nodeKey) {
        this.keys = new RestoredKeys(nodeKey);
    }

    static RestoredKeys find(Path directory, KeyEncryptionKey nodeKey, int pageBytes, List<String> losses)
            throws IOException, SQLException {
        var salvage = new KeySalvage(nodeKey);
        var file = directory.resolve("keys.db");
        if (Files.exists(file)) {
            try (var database = new DamagedDatabase(file, pageBytes, USUAL_ROOTS)) {
                database.visit("data_key", salvage::addKey);
                database.visitOrphans(salvage::addKey);
                database.visit("destroyed", salvage::addDestroyed);
                database.damagedPages()
                        .forEach((table, pages) -> losses.add("keys.db: damaged pages of " + table + ": " + pages));
            }
        } else {
            losses.add("keys.db is missing");
        }
        salvage.addCopy(directory.resolve("keys.copy"));
        for (long owner : salvage.keys.lost()) {
            losses.add("the key of patient number " + owner + " is damaged");
        }
        return salvage.keys;
    }

    private void addKey(Row row) {
        if (row.values().size() == 3 && row.values().get(2) instanceof byte[] wrapped) {
            keys.found(row.number(), wrapped);
        }
    }

    private void addDestroyed(Row row) {
        if (row.values().size() == 3
                && row.values().get(1) instanceof byte[] idTag
                && row.values().get(2) instanceof Long time) {
            keys.foundDestroyed(new DestroyedKey(row.number(), idTag, time));
        }
    }

    private void addCopy(Path file) throws IOException {
        if (Files.notExists(file)) {
            return;
        }
        try (var copy = KeyCopy.openForReading(file)) {
            for (long owner = 0; owner < copy.slots(); owner++) {
                switch (copy.read(owner)) {
                    case KeyCopy.Slot.Key key -> keys.found(owner, key.wrapped());
                    case KeyCopy.Slot.Destroyed(var idTag, var time) ->
                        keys.foundDestroyed(new DestroyedKey(owner, idTag, time));
                    case KeyCopy.Slot.Empty _ -> {}
                }
            }
        }
    }
}
