package io.pulseplane.api;

import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.reading.AuditReader;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.util.List;

/** Opens readers of the audit trail. */
public interface AuditTrailSource {

    /** Blocks. The caller closes the reader. */
    AuditReader open(AuditFilter filter);

    /** The entries with the ids of patients, where the trail has hashes and the store knows whose they are. */
    default Uni<List<AuditEntry>> resolve(List<AuditEntry> entries) {
        return Uni.createFrom().item(entries);
    }

    /** A trail that has patients in clear. */
    static AuditTrailSource inClear(Path directory) {
        return filter -> AuditReader.open(directory, filter);
    }
}
