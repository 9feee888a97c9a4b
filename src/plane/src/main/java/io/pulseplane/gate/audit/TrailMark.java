package io.pulseplane.gate.audit;

/** What the log says about itself, in a line of its own that is covered like a record. */
sealed interface TrailMark {

    String START = "{\"mark\":";

    String line();

    /**
     * The log could not be written for a while.
     *
     * @param refusedRecords how many records were not taken meanwhile; their callers were told so
     */
    record Interruption(long fromUs, long toUs, long refusedRecords) implements TrailMark {
        @Override
        public String line() {
            return START + "\"interrupted\",\"from_us\":" + fromUs + ",\"to_us\":" + toUs + ",\"refused\":"
                    + refusedRecords + "}\n";
        }
    }

    /**
     * The log was opened after it had not been closed.
     *
     * @param lastSignedRecord number of the last record the head had vouched for
     * @param lastFoundRecord number of the last record that was there in a complete group
     * @param droppedBytes length of what followed and was no complete group
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
