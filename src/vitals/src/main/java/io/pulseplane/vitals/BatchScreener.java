package io.pulseplane.vitals;

import io.pulseplane.vitals.Rejection.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides reading by reading what a well-formed batch may store. A refused reading never takes its neighbours down.
 *
 * <p>Each reading is refused for the first of these that applies: the code is unknown, the unit is wrong, the value is
 * not finite, the value is implausible, the time lies before the epoch, the time lies too far in the future. Of what is
 * left, a second reading of the same microsecond is a duplicate if its value is the same and refused if it is not; and
 * last, a systolic pressure that is not above the diastolic of the same kind and time is refused together with it.
 *
 * <p>A block with nothing to refuse, already in ascending order, keeps its arrays: the common case copies nothing.
 */
public final class BatchScreener {

    /** What to do with codes that the catalogue does not have. */
    public enum UnknownCodePolicy {
        REFUSE,
        KEEP
    }

    private final Catalogue catalogue;
    private final UnknownCodePolicy unknownCodes;
    private final Duration aheadAllowance;

    /** @param aheadAllowance how far ahead of the plane's clock a reading's time may be */
    public BatchScreener(Catalogue catalogue, UnknownCodePolicy unknownCodes, Duration aheadAllowance) {
        this.catalogue = catalogue;
        this.unknownCodes = unknownCodes;
        this.aheadAllowance = aheadAllowance;
    }

    /** @param now the plane's clock, in microseconds since the epoch */
    public ScreenedBatch screen(Batch batch, long now) {
        var sieves = new ArrayList<BlockScreener>(batch.blocks().size());
        var latest = now + aheadAllowance.toNanos() / 1_000;
        for (var block : batch.blocks()) {
            sieves.add(screenBlock(block, latest));
        }
        rejectCrossedPressures(sieves);

        var blocks = new ArrayList<ScreenedBatch.Block>(sieves.size());
        var rejections = new ArrayList<Rejection>(0);
        int duplicates = 0;
        for (var sieve : sieves) {
            if (sieve.size() > 0) {
                var series = new Series(batch.patient(), batch.device(), sieve.code(), sieve.unit());
                blocks.add(sieve.toScreenedBlock(series));
            }
            duplicates += sieve.duplicates();
            sieve.addRejectionsTo(rejections);
        }
        return new ScreenedBatch(
                batch.device(), batch.patient(), batch.sequence(), batch.digest(), blocks, duplicates, rejections);
    }

    private BlockScreener screenBlock(Batch.Block block, long latest) {
        var sieve = new BlockScreener(block);
        var sign = catalogue.find(block.code());
        if (sign.isEmpty() && unknownCodes == UnknownCodePolicy.REFUSE) {
            sieve.rejectAll(Reason.UNKNOWN_CODE);
        } else if (sign.isPresent() && !sign.get().unit().equals(block.unit())) {
            sieve.rejectAll(Reason.WRONG_UNIT);
        } else {
            var low = sign.isPresent() ? sign.get().low() : -Double.MAX_VALUE;
            var high = sign.isPresent() ? sign.get().high() : Double.MAX_VALUE;
            sieve.screen(low, high, latest);
        }
        return sieve;
    }

    private void rejectCrossedPressures(List<BlockScreener> sieves) {
        if (sieves.size() < 2) {
            return;
        }
        Map<String, BlockScreener> byCode = HashMap.newHashMap(sieves.size());
        for (var sieve : sieves) {
            byCode.put(sieve.code(), sieve);
        }
        for (var pair : catalogue.pressurePairs()) {
            var systolic = byCode.get(pair.systolic());
            var diastolic = byCode.get(pair.diastolic());
            if (systolic != null && diastolic != null) {
                BlockScreener.rejectCrossed(systolic, diastolic);
            }
        }
    }

    /** The reason in words, with the bounds that hold for the code. */
    public String explain(String code, Reason reason) {
        var sign = catalogue.find(code);
        return switch (reason) {
            case NOT_FINITE -> "the value must be a finite number";
            case IMPLAUSIBLE ->
                sign.map(s -> "the value must be from %s to %s %s"
                                .formatted(formatNumber(s.low()), formatNumber(s.high()), s.unit()))
                        .orElse("the value is implausible");
            case WRONG_UNIT -> sign.map(s -> "the unit must be " + s.unit()).orElse("the unit is wrong");
            case UNKNOWN_CODE -> "the catalogue does not know this code";
            case IN_THE_FUTURE ->
                "the time must not be more than %s s ahead of the plane's clock"
                        .formatted(formatNumber(aheadAllowance.toMillis() / 1e3));
            case BEFORE_EPOCH -> "the time must not be before 1970-01-01T00:00:00Z";
            case PRESSURES_CROSSED -> "the systolic pressure must be above the diastolic one of the same kind and time";
            case CONFLICTING_VALUE -> "this series already has another value at this microsecond";
        };
    }

    private static String formatNumber(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }
}
