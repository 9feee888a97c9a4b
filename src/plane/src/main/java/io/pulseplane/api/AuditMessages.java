package io.pulseplane.api;

import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.v1.AuditRecord;
import io.pulseplane.v1.Decision;

/** Converts records of the audit trail to messages. */
final class AuditMessages {

    private AuditMessages() {}

    static AuditRecord record(AuditEntry entry) {
        var record = entry.record();
        return AuditRecord.newBuilder()
                .setNumber(entry.number())
                .setTimeUs(record.timeUs())
                .setSubject(record.subject())
                .setRole(record.role())
                .setTenant(record.tenant())
                .setAction(record.action())
                .setRpc(record.rpc())
                .setPatientId(record.patient())
                .setDeviceId(record.device())
                .addAllCodes(record.codes())
                .setDecision(
                        switch (record.decision()) {
                            case PERMITTED -> Decision.DECISION_PERMITTED;
                            case REFUSED -> Decision.DECISION_REFUSED;
                        })
                .setReason(record.reason())
                .setPolicy(record.policyDigest())
                .setPeer(record.peer())
                .setRequestId(record.requestId())
                .setUnproven(!entry.isProven())
                .setSubjectHash(entry.subjectHash())
                .setPatientHash(entry.patientHash())
                .build();
    }
}
