package io.pulseplane.node.audit;

import io.pulseplane.api.AuditTrailSource;
import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.reading.AuditReader;
import io.pulseplane.store.edge.EdgeStore;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The audit trail of an edge store, which has hashes of patients; the store finds their ids. */
public record HashedTrailSource(Path directory, EdgeStore store) implements AuditTrailSource {

    @Override
    public AuditReader open(AuditFilter filter) {
        return AuditReader.open(directory, filter, Optional.of(store.auditNames()::of));
    }

    @Override
    public Uni<List<AuditEntry>> resolve(List<AuditEntry> entries) {
        var hashes = hashesIn(entries);
        return hashes.isEmpty()
                ? Uni.createFrom().item(entries)
                : store.idsOfAuditNames(hashes).map(ids -> resolve(entries, ids));
    }

    static Set<String> hashesIn(List<AuditEntry> entries) {
        var hashes = new HashSet<String>();
        for (var entry : entries) {
            hashes.add(entry.subjectHash());
            hashes.add(entry.patientHash());
        }
        hashes.remove("");
        return hashes;
    }

    static List<AuditEntry> resolve(List<AuditEntry> entries, Map<String, String> ids) {
        return entries.stream()
                .map(entry -> entry.resolved(
                        ids.getOrDefault(entry.subjectHash(), entry.record().subject()),
                        ids.getOrDefault(entry.patientHash(), entry.record().patient())))
                .toList();
    }
}
