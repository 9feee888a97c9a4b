package io.pulseplane.api;

import io.pulseplane.ingest.Ingest;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.RefusedBatch;
import io.pulseplane.v1.Rejection;
import io.pulseplane.v1.RejectionReason;
import io.pulseplane.vitals.BatchScreener;
import io.pulseplane.vitals.Identifier;

/** Converts the outcomes of batches to messages. */
final class IngestMessages {

    private final BatchScreener screener;

    /** @param screener describes the reasons of rejections */
    IngestMessages(BatchScreener screener) {
        this.screener = screener;
    }

    Acknowledgement acknowledgement(Ingest.Outcome outcome) {
        var acknowledgement = outcome.acknowledgement();
        var message = Acknowledgement.newBuilder()
                .setDeviceId(acknowledgement.device())
                .setSequence(acknowledgement.sequence())
                .setAccepted(acknowledgement.accepted())
                .setDuplicates(acknowledgement.duplicates())
                .setRepeatedBatch(outcome.repeated())
                .setProvisional(outcome.provisional());
        for (var rejection : acknowledgement.rejections()) {
            message.addRejections(rejection(rejection));
        }
        return message.build();
    }

    private Rejection rejection(io.pulseplane.vitals.Rejection rejection) {
        var message = Rejection.newBuilder()
                .setCode(rejection.code())
                .setReason(reason(rejection.reason()))
                .setExplanation(screener.explain(rejection.code(), rejection.reason()));
        for (int index : rejection.indexes()) {
            message.addIndexes(index);
        }
        return message.build();
    }

    private static RejectionReason reason(io.pulseplane.vitals.Rejection.Reason reason) {
        return switch (reason) {
            case NOT_FINITE -> RejectionReason.REJECTION_REASON_NOT_FINITE;
            case IMPLAUSIBLE -> RejectionReason.REJECTION_REASON_IMPLAUSIBLE;
            case WRONG_UNIT -> RejectionReason.REJECTION_REASON_WRONG_UNIT;
            case UNKNOWN_CODE -> RejectionReason.REJECTION_REASON_UNKNOWN_CODE;
            case IN_THE_FUTURE -> RejectionReason.REJECTION_REASON_IN_THE_FUTURE;
            case BEFORE_EPOCH -> RejectionReason.REJECTION_REASON_BEFORE_EPOCH;
            case PRESSURES_CROSSED -> RejectionReason.REJECTION_REASON_PRESSURES_CROSSED;
            case CONFLICTING_VALUE -> RejectionReason.REJECTION_REASON_CONFLICTING_VALUE;
            case TOO_OLD -> RejectionReason.REJECTION_REASON_TOO_OLD;
            case TIME_IN_ANOTHER_UNIT -> RejectionReason.REJECTION_REASON_TIME_IN_ANOTHER_UNIT;
            case VALUE_IN_ANOTHER_UNIT -> RejectionReason.REJECTION_REASON_VALUE_IN_ANOTHER_UNIT;
            case NOT_ASSIGNED -> RejectionReason.REJECTION_REASON_NOT_ASSIGNED;
        };
    }

    static RefusedBatch refusedBatch(io.pulseplane.v1.Batch batch, Throwable failure) {
        var device = batch.getDeviceId();
        return RefusedBatch.newBuilder()
                .setDeviceId(
                        device.length() <= Identifier.MAX_LENGTH ? device : device.substring(0, Identifier.MAX_LENGTH))
                .setSequence(batch.getSequence())
                .setError(StatusMapper.toStatus(failure))
                .build();
    }
}
