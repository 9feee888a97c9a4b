package io.pulseplane.vitals;

import io.pulseplane.vitals.Rejection.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Checks each reading of a well-formed batch, and decides which the plane may store. A rejected reading does not affect
 * the others.
 *
 * <p>The screener rejects a reading for the first of these reasons that applies: the code is unknown, the unit is
 * wrong, the value is not finite, the value betrays another unit, the value is implausible (or, where implausible
 * values are marked, not even possible), the time is before the
 * epoch, the time betrays another unit than microseconds, the time is too old, the time is too far in the future. Of
 * the readings that remain, a second reading of the same microsecond is a duplicate if its value is the same, and is
 * rejected if its value differs. Last, a systolic pressure that is not above the diastolic pressure of the same kind
 * and time is rejected together with it.
 *
 * <p>A block without rejected readings that is already in ascending order keeps its arrays: the common case copies
 * nothing.
 */
public final class BatchScreener {

    /** How the screener treats codes that are not in the catalogue. */
    public enum UnknownCodePolicy {
        REFUSE,
        KEEP
    }

    /** How the screener treats values that are possible, but not plausible. */
    public enum ImplausiblePolicy {
        REFUSE,
        /** It keeps them. Nothing is stored with them: whoever reads them compares them with the plausible range. */
        MARK
    }

    /** What is accepted of a code: the range, and the value from which on none of it betrays another unit. */
    private record Accepted(VitalSign sign, ValueRange range, double unambiguousLow) {}

    private final Catalogue catalogue;
    private final UnknownCodePolicy unknownCodes;
    private final Map<String, Accepted> acceptedByCode;
    private final Duration aheadAllowance;
    private final long earliestTime;

    /** A screener that refuses what is implausible, and takes readings of every time from 1970 on. */
    public BatchScreener(Catalogue catalogue, UnknownCodePolicy unknownCodes, Duration aheadAllowance) {
        this(catalogue, unknownCodes, ImplausiblePolicy.REFUSE, aheadAllowance, 0);
    }

    /**
     * @param aheadAllowance how far the time of a reading may be ahead of the plane's clock
     * @param earliestTime the earliest time of a reading, in microseconds since the epoch, 0 or later
     */
    public BatchScreener(
            Catalogue catalogue,
            UnknownCodePolicy unknownCodes,
            ImplausiblePolicy implausible,
            Duration aheadAllowance,
            long earliestTime) {
        this.catalogue = catalogue;
        this.unknownCodes = unknownCodes;
        this.acceptedByCode = HashMap.newHashMap(catalogue.signs().size());
        for (var sign : catalogue.signs()) {
            var range =
                    switch (implausible) {
                        case REFUSE -> sign.plausible();
                        case MARK -> sign.possible();
                    };
            acceptedByCode.put(sign.code(), new Accepted(sign, range, sign.unambiguousLow(range)));
        }
        this.aheadAllowance = aheadAllowance;
        this.earliestTime = earliestTime;
    }

    /** @param now the time of the plane's clock, in microseconds since the epoch */
    public ScreenedBatch screen(Batch batch, long now) {
        var screeners = new ArrayList<BlockScreener>(batch.blocks().size());
        var limits = new TimeLimits(earliestTime, now + aheadAllowance.toNanos() / 1_000);
        for (var block : batch.blocks()) {
            screeners.add(screenBlock(block, limits));
        }
        rejectCrossedPressures(screeners);

        var blocks = new ArrayList<ScreenedBatch.Block>(screeners.size());
        var rejections = new ArrayList<Rejection>(0);
        int duplicates = 0;
        for (var screener : screeners) {
            if (screener.size() > 0) {
                var series = new Series(batch.patient(), batch.device(), screener.code(), screener.unit());
                blocks.add(screener.toScreenedBlock(series));
            }
            duplicates += screener.duplicates();
            screener.addRejectionsTo(rejections);
        }
        return new ScreenedBatch(
                batch.device(), batch.patient(), batch.sequence(), batch.digest(), blocks, duplicates, rejections);
    }

    private BlockScreener screenBlock(Batch.Block block, TimeLimits limits) {
        var screener = new BlockScreener(block);
        var accepted = acceptedByCode.get(block.code());
        if (accepted == null && unknownCodes == UnknownCodePolicy.REFUSE) {
            screener.rejectAll(Reason.UNKNOWN_CODE);
        } else if (accepted == null) {
            screener.screen(limits);
        } else if (!accepted.sign.unit().equals(block.unit())) {
            screener.rejectAll(Reason.WRONG_UNIT);
        } else {
            screener.screen(accepted.sign, accepted.range, accepted.unambiguousLow, limits);
        }
        return screener;
    }

    private void rejectCrossedPressures(List<BlockScreener> screeners) {
        if (screeners.size() < 2) {
            return;
        }
        Map<String, BlockScreener> byCode = HashMap.newHashMap(screeners.size());
        for (var screener : screeners) {
            byCode.put(screener.code(), screener);
        }
        for (var pair : catalogue.pressurePairs()) {
            var systolic = byCode.get(pair.systolic());
            var diastolic = byCode.get(pair.diastolic());
            if (systolic != null && diastolic != null) {
                double lowestPlausible = catalogue
                        .find(pair.systolic())
                        .orElseThrow()
                        .plausible()
                        .low();
                BlockScreener.rejectCrossed(systolic, diastolic, lowestPlausible);
            }
        }
    }

    /** Describes the reason for the caller, with the bounds that apply to the code. */
    public String explain(String code, Reason reason) {
        var sign = catalogue.find(code);
        return switch (reason) {
            case NOT_FINITE -> "the value must be a finite number";
            case IMPLAUSIBLE -> sign.map(this::explainRange).orElse("the value is implausible");
            case WRONG_UNIT ->
                sign.map(vitalSign -> "the unit must be " + vitalSign.unit()).orElse("the unit is wrong");
            case UNKNOWN_CODE -> "this code is not in the catalogue";
            case IN_THE_FUTURE ->
                "the time must not be more than %s s ahead of the plane's clock"
                        .formatted(formatNumber(aheadAllowance.toMillis() / 1e3));
            case BEFORE_EPOCH -> "the time must not be before 1970-01-01T00:00:00Z";
            case PRESSURES_CROSSED ->
                "the systolic pressure must be above the diastolic pressure of the same kind and time";
            case CONFLICTING_VALUE -> "this series already has another value at this microsecond";
            case TOO_OLD -> "the time must not be before " + EpochMicros.instant(earliestTime);
            case TIME_IN_ANOTHER_UNIT ->
                "the time must be in microseconds since 1970, not in seconds, milliseconds or nanoseconds";
            case VALUE_IN_ANOTHER_UNIT ->
                sign.map(BatchScreener::explainOtherUnits).orElse("the value is in another unit");
            case NOT_ASSIGNED -> "the device must be assigned to the patient at this time";
        };
    }

    private String explainRange(VitalSign sign) {
        var range = acceptedByCode.get(sign.code()).range;
        return "the value must be from %s to %s %s"
                .formatted(formatNumber(range.low()), formatNumber(range.high()), sign.unit());
    }

    private static String explainOtherUnits(VitalSign sign) {
        var units = sign.otherUnits().stream().map(VitalSign.OtherUnit::unit).collect(Collectors.joining(" or "));
        return "the value must be in %s, and is as if it was in %s".formatted(sign.unit(), units);
    }

    private static String formatNumber(double number) {
        return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }
}
