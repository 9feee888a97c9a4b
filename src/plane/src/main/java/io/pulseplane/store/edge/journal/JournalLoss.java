package io.pulseplane.store.edge.journal;

import java.util.OptionalLong;

/**
 * A batch of the journal that should be readable and is not, or that one and all that follow it in the entry, or that
 * entry and others that follow it.
 *
 * @param patient empty if nothing says whose it was
 * @param isFinal whether nothing can bring it back, as a key could
 */
public record JournalLoss(long entry, int batch, OptionalLong patient, boolean isFinal, String description) {

    static JournalLoss ofRest(long entry, int batch, String description) {
        return new JournalLoss(entry, batch, OptionalLong.empty(), true, description);
    }
}
