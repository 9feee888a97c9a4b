package io.pulseplane.gate.audit;

/** A line about the trail itself: it was interrupted or resumed. A mark is no record, but the digests cover it too. */
public sealed interface TrailMark {

    String START = "{\"mark\":";

    String line();

    /**
     * The trail could not be written for a while.
     *
     * @param refusedRecords how many records the trail refused meanwhile; their calls were refused
     */
    record Interruption(long fromUs, long toUs, long refusedRecords) implements TrailMark {
        @Override
        public String line() {
            return START + "\"interrupted\",\"from_us\":" + fromUs + ",\"to_us\":" + toUs + ",\"refused\":"
                    + refusedRecords + "}\n";
        }
    }

    /**
     * The trail was opened, and had not been closed before.
     *
     * @param lastSignedRecord number of the last record that the head covered
     * @param lastFoundRecord number of the last record in a complete group
     * @param droppedBytes how many bytes of an incomplete group were cut off after it
     */
    record Resumption(long timeUs, long lastSignedRecord, long lastFoundRecord, long droppedBytes)
            implements TrailMark {
        @Override
        public String line() {
            return START + "\"resumed\",\"time_us\":" + timeUs + ",\"signed\":" + lastSignedRecord + ",\"found\":"
                    + lastFoundRecord + ",\"dropped_bytes\":" + droppedBytes + "}\n";
        }
    }
}
